import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { LmScore } from "../artifacts/lm-scores.ts";
import { openScoreLog } from "./score-log.ts";
import type { ScoreLog, ScoreTable } from "./score-log.ts";

/** Scores of queries that lack some yet; none of them is a label before its query has all. */
export interface PendingScores {
  readonly table: ScoreTable;
  append(scores: readonly LmScore[]): Promise<void>;
  /** Forgets those of a signal by which no query is left half scored. */
  clear(signal: string): Promise<void>;
  /** The file goes when nothing is pending. */
  close(): Promise<void>;
}

export interface ScoreLogs {
  readonly log: ScoreLog;
  readonly pending: PendingScores;
}

/**
 * Opens `lm-scores.jsonl` and, beside it, what a killed run had of further queries. Pending scores without a file of scores are of
 * another run. Throws AppError `invalid_artifact` for a malformed line of either, and changes neither.
 */
export async function openScoreLogs(file: string): Promise<ScoreLogs> {
  const pendingFile = `${file}.pending`;
  if (!existsSync(file)) {
    await rm(pendingFile, { force: true });
  }
  const log = await openScoreLog(file);
  const pending = await openScoreLog(pendingFile).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  return {
    log,
    pending: {
      table: pending.table,
      append: (scores) => pending.append(scores),
      async clear(signal) {
        const queryIds = new Set(pending.table.get(signal)?.keys());
        if (queryIds.size > 0) {
          await pending.remove(signal, queryIds);
        }
      },
      async close() {
        await pending.close();
        if ([...pending.table.values()].every((ofSignal) => ofSignal.size === 0)) {
          await rm(pendingFile, { force: true });
        }
      },
    },
  };
}
