import { z } from "zod";
import type { RetrievalMode, ScoredPassage } from "../../../src/retrieval/types.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import type { Progress, ProgressOptions } from "../../../training/progress.ts";

/** One isolate encodes one query at a time; a second request keeps it from waiting for us. */
const CONCURRENCY = 2;

const replySchema = z.object({
  degraded: z.array(z.unknown()).length(0),
  data: z.array(z.object({ id: z.string(), score: z.number() })),
});

export interface AskWorkerOptions {
  readonly url: string;
  readonly collection: string;
  readonly mode: RetrievalMode;
  readonly queries: readonly { readonly id: string; readonly text: string }[];
  readonly topK: number;
  readonly progress: (options: ProgressOptions) => Progress;
}

/** The Worker's run: every query through `POST /v1/retrieve`. Throws when a reply is an error or degraded. */
export async function askWorker(options: AskWorkerOptions): Promise<Run> {
  const { mode, queries } = options;
  const found = new Map<string, readonly ScoredPassage[]>();
  const progress = options.progress({ label: mode, unit: "queries", total: queries.length });
  const waiting = [...queries];
  const work = async (): Promise<void> => {
    for (let query = waiting.shift(); query !== undefined; query = waiting.shift()) {
      found.set(query.id, await ask(query.text, options));
      progress.advance(1);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  progress.finish();
  return found;
}

async function ask(
  query: string,
  { url, collection, mode, topK }: AskWorkerOptions,
): Promise<readonly ScoredPassage[]> {
  const response = await fetch(`${url}/v1/retrieve`, {
    method: "POST",
    body: JSON.stringify({ query, collection, mode, top_k: topK, on_error: "fail" }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`the Worker answered ${response.status} to ${JSON.stringify(query)}: ${text}`);
  }
  return replySchema.parse(JSON.parse(text)).data;
}
