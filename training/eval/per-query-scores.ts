import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { readJsonl, toJsonl } from "../artifacts/jsonl.ts";
import type { QueryScores } from "./evaluate-run.ts";

const lineSchema = z.strictObject({ queryId: z.string(), scores: z.record(z.string(), z.number()) });

/** Scores of every query by measure, by query id. */
export type PerQueryScores = ReadonlyMap<string, QueryScores>;

/** Writes JSONL `{"queryId", "scores": {"nDCG@10": 0.5, …}}`, in the order of the map. */
export async function writePerQueryScores(file: string, scores: PerQueryScores): Promise<void> {
  await writeFileAtomic(file, toJsonl([...scores].map(([queryId, scores]) => ({ queryId, scores }))));
}

/** Reads what `writePerQueryScores` wrote. Throws `invalid_artifact` with file and line, also for a query twice. */
export async function readPerQueryScores(file: string): Promise<PerQueryScores> {
  const scores = new Map<string, QueryScores>();
  for await (const { line, value } of readJsonl(file, lineSchema)) {
    if (scores.has(value.queryId)) {
      throw new AppError("invalid_artifact", `${file}:${line}: query "${value.queryId}" appears twice`);
    }
    scores.set(value.queryId, value.scores);
  }
  return scores;
}
