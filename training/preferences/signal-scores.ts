import { AppError } from "../../src/shared/errors.ts";
import { readLmScores } from "../artifacts/lm-scores.ts";

/** Scores of one signal by query and passage. */
type SignalScores = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What source LMs said, by signal. */
export type ScoresBySignal = ReadonlyMap<string, SignalScores>;

interface ReadScoresOptions {
  /** Files of `score`; a later round's beside an earlier one's. */
  readonly files: readonly string[];
  /** Ids that the scores may name; undefined is not checked. */
  readonly queryIds?: { has(id: string): boolean };
  readonly corpusIds?: { has(id: string): boolean };
}

/**
 * Reads score files as one. Scores of questions that are not asked for are skipped: a file may cover more splits.
 * @throws AppError `invalid_artifact` for a malformed line, a pair scored twice, a passage that the corpus lacks, and when no
 *   question at all is one of `queryIds`: labels of another corpus or split.
 */
export async function readScores({ files, queryIds, corpusIds }: ReadScoresOptions): Promise<ScoresBySignal> {
  const bySignal = new Map<string, Map<string, Map<string, number>>>();
  let skipped = 0;
  for (const file of files) {
    for await (const { queryId, passageId, signal, score } of readLmScores(file)) {
      if (queryIds !== undefined && !queryIds.has(queryId)) {
        skipped++;
        continue;
      }
      const fail = (reason: string): never => {
        throw new AppError(
          "invalid_artifact",
          `${file}: ${signal} of query "${queryId}", passage "${passageId}": ${reason}`,
        );
      };
      if (corpusIds !== undefined && !corpusIds.has(passageId)) {
        fail("the corpus has no such passage; are the labels of another corpus?");
      }
      const queries = bySignal.get(signal) ?? new Map<string, Map<string, number>>();
      const passages = queries.get(queryId) ?? new Map<string, number>();
      if (passages.has(passageId)) {
        fail("scored twice; give each file once, and files of different rounds");
      }
      passages.set(passageId, score);
      queries.set(queryId, passages);
      bySignal.set(signal, queries);
    }
  }
  if (bySignal.size === 0 && files.length > 0) {
    const reason =
      skipped > 0 ? `all ${skipped} lines are of other questions than those asked for` : "there is no line";
    throw new AppError(
      "invalid_artifact",
      `${files.join(", ")}: no score to use, ${reason}; is it another set or split?`,
    );
  }
  return bySignal;
}
