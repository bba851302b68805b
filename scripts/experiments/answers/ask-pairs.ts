import path from "node:path";
import { z } from "zod";
import { openJournal } from "../../../training/artifacts/journal.ts";
import { sha256Hex } from "../../../training/artifacts/meta.ts";
import type { Progress, ProgressOptions } from "../../../training/progress.ts";
import { outcomeSchema } from "./task.ts";
import type { AnswerTask, AskedPair, Outcome } from "./task.ts";

const entrySchema = z.strictObject({
  /** Of all that the LM reads. */
  key: z.string(),
  queryId: z.string(),
  passages: z.array(z.string()),
  outcome: outcomeSchema,
});

export interface AskPairsOptions {
  readonly pairs: readonly AskedPair[];
  readonly task: AnswerTask;
  /** Folder of the journals, one for each task and LM: what any set, row or run asked before is not asked again. */
  readonly folder: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** One outcome a pair, in their order. Pairs that read the same are asked once; a run that was killed goes on. */
export async function askPairs({ pairs, task, folder, progress, signal }: AskPairsOptions): Promise<Outcome[]> {
  const file = path.join(folder, `${task.name}-${task.identity.slice(0, 16)}.jsonl`);
  const journal = await openJournal(file, { identity: task.identity, schema: entrySchema });
  const outcomes = new Map(journal.entries.map(({ key, outcome }) => [key, outcome]));
  try {
    const asked: { readonly key: string; readonly prompt: string; readonly pair: AskedPair }[] = [];
    for (const pair of pairs) {
      const prompt = await task.render(pair);
      asked.push({ key: sha256Hex(JSON.stringify([prompt, task.wanted(pair.question)])), prompt, pair });
    }
    const open = [...new Map(asked.map((one) => [one.key, one])).values()].filter(({ key }) => !outcomes.has(key));
    const bar = progress({ label: `${task.name} (${task.lm})`, unit: "prompts", total: open.length });
    for (const { key, prompt, pair } of open) {
      signal.throwIfAborted();
      const outcome = await task.ask(prompt, task.wanted(pair.question), signal);
      const passages = pair.passages.map(({ id }) => id);
      await journal.append({ key, queryId: pair.question.id, passages, outcome });
      outcomes.set(key, outcome);
      bar.advance(1);
    }
    bar.finish();
    return asked.map(({ key }) => outcomes.get(key) ?? {});
  } finally {
    await journal.close();
  }
}
