import { z } from "zod";
import { joinTitleAndText } from "../../src/encoder/passage-text.ts";
import { toAppError } from "../../src/shared/errors.ts";
import type { AnswerLm } from "../answering/answer-lm.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { openJournal } from "../artifacts/journal.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import type { Progress, ProgressOptions } from "../progress.ts";

/** About 350 tokens: what an encoder sees of a passage, and more. */
const MAX_PASSAGE_CHARACTERS = 1500;
const MAX_TOKENS = 64;

/** The words that make query likelihood label best (`score`, signal query-likelihood), so that both ask alike. */
export const DEFAULT_INSTRUCTION = "Write one question that the text answers.";

const recordSchema = z.strictObject({ passageId: z.string(), reply: z.string(), tokens: z.number() });

/** One line of the journal. */
export type AskedQuestion = z.output<typeof recordSchema>;

export interface AskQuestionsOptions {
  readonly passages: readonly CorpusPassage[];
  readonly lm: AnswerLm;
  readonly instruction: string;
  readonly concurrency: number;
  /** Journal of replies: a second run goes on where the first one ended. */
  readonly journalFile: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/**
 * Asks an LM for one question about each passage; replies in the order of the passages. Those of an earlier run with the
 * same LM and instruction are not asked again, more passages may be added. A failure of the LM ends the run and loses nothing.
 */
export async function askQuestions(options: AskQuestionsOptions): Promise<AskedQuestion[]> {
  const { passages, lm, instruction, concurrency, journalFile, progress: createProgress, signal } = options;
  const identity = sha256Hex(JSON.stringify([lm.identity, instruction, MAX_PASSAGE_CHARACTERS, MAX_TOKENS]));
  const journal = await openJournal(journalFile, { identity, schema: recordSchema });
  const records = new Map(journal.entries.map((record) => [record.passageId, record]));
  const open = passages.filter(({ id }) => !records.has(id));
  const start = passages.length - open.length;
  const progress = createProgress({ label: `ask (${lm.name})`, unit: "passages", total: passages.length, start });
  const failed = new AbortController();
  const stopped = AbortSignal.any([signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let passage = open.shift(); passage !== undefined; passage = open.shift()) {
      stopped.throwIfAborted();
      const text = joinTitleAndText(passage).slice(0, MAX_PASSAGE_CHARACTERS);
      const messages = [{ role: "user", content: `${text}\n\n${instruction}` }];
      const request = { messages, maxTokens: MAX_TOKENS, stop: [], letters: [] };
      const { text: reply, promptTokens, completionTokens } = await lm.answer(request, stopped);
      const record = { passageId: passage.id, reply, tokens: promptTokens + completionTokens };
      await journal.append(record);
      records.set(passage.id, record);
      progress.advance(1);
    }
  };
  try {
    const workers = Array.from({ length: concurrency }, async () => {
      try {
        await work();
      } catch (error) {
        failed.abort(error); // stops the others before their next passage
      }
    });
    await Promise.all(workers);
    if (failed.signal.aborted) {
      throw toAppError(failed.signal.reason);
    }
  } finally {
    progress.finish();
    await journal.close();
  }
  return passages.flatMap(({ id }) => records.get(id) ?? []);
}
