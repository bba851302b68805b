import { z } from "zod";
import { MAX_TOP_K } from "../../src/retrieval/clamp-top-k.ts";
import type { RetrievalMode, ScoredPassage } from "../../src/retrieval/types.ts";
import type { Run } from "../artifacts/trec.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import type { Progress, ProgressOptions } from "../progress.ts";

/** One isolate encodes one query at a time; a second request keeps it from waiting for us. */
const CONCURRENCY = 2;

const replySchema = z.object({
  data: z.array(z.object({ id: z.string(), score: z.number() })),
});

export interface WorkerRunOptions {
  readonly client: AdminClient;
  readonly collection: string;
  readonly mode: RetrievalMode;
  /** Query adapter: null for none; undefined: what the collection uses. */
  readonly adapter?: string | null | undefined;
  readonly queries: readonly { readonly id: string; readonly text: string }[];
  /** Passages of a query; the Worker gives 100 at most. */
  readonly topK: number;
  readonly progress: (options: ProgressOptions) => Progress;
}

/** What a running Worker finds: every query through `POST /v1/retrieve`. Throws the Worker's own errors; no leg may be missing. */
export async function workerRun(options: WorkerRunOptions): Promise<Run> {
  const { client, collection, mode, adapter, queries, topK } = options;
  const found = new Map<string, readonly ScoredPassage[]>();
  const progress = options.progress({ label: "ask the Worker", unit: "queries", total: queries.length });
  const waiting = [...queries];
  const work = async (): Promise<void> => {
    for (let query = waiting.shift(); query !== undefined; query = waiting.shift()) {
      const asked = { query: query.text, collection, mode, top_k: Math.min(topK, MAX_TOP_K), on_error: "fail" };
      const body = JSON.stringify(adapter === undefined ? asked : { ...asked, adapter });
      const { data } = await client.send({ method: "POST", path: "/v1/retrieve", body, schema: replySchema });
      found.set(query.id, data);
      progress.advance(1);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  } finally {
    progress.finish();
  }
  return new Map(queries.map(({ id }) => [id, found.get(id) ?? []]));
}
