import { z } from "zod";
import { readJsonl } from "./jsonl.ts";

/** Raised when the lines of `lm-scores.jsonl` change. */
export const LM_SCORES_VERSION = 1;

/** What a source LM says of one passage for one question under one signal. Higher is better, on the signal's own scale. */
export interface LmScore {
  readonly queryId: string;
  readonly passageId: string;
  /** Name of the signal: "likelihood-gain". */
  readonly signal: string;
  readonly score: number;
}

const lmScoreLineSchema = z.strictObject({
  query_id: z.string().min(1),
  doc_id: z.string().min(1),
  signal: z.string().min(1),
  score: z.number(),
});

/**
 * Streams an `lm-scores.jsonl` (or `.jsonl.gz`), in the order of the file. All passages of a query under a signal stand
 * together. Throws AppError `invalid_artifact` with file and line for a malformed line.
 */
export async function* readLmScores(file: string): AsyncGenerator<LmScore> {
  for await (const { value } of readJsonl(file, lmScoreLineSchema)) {
    yield { queryId: value.query_id, passageId: value.doc_id, signal: value.signal, score: value.score };
  }
}

/** The line of one score, newline included. */
export function lmScoreLine({ queryId, passageId, signal, score }: LmScore): string {
  return `${JSON.stringify({ query_id: queryId, doc_id: passageId, signal, score })}\n`;
}
