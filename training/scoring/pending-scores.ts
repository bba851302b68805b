import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { LmScore } from "../artifacts/lm-scores.ts";
import { openScoreLog } from "./score-log.ts";
import type { ScoreLog, ScoreTable } from "./score-log.ts";

/** Scores of queries that lack some yet; none of them is a label before its query has all. */
export interface PendingScores {
  readonly table: ScoreTable;
  append(scores: readonly LmScore[]): Promise<void>;
  /** When no query is left half scored: nothing is appended after it. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface ScoreLogs {
  readonly log: ScoreLog;
  readonly pending: PendingScores;
}

/** Opens `lm-scores.jsonl` and, beside it, what a killed run had of further queries. Pending scores without a file of scores are of another run. */
export async function openScoreLogs(file: string): Promise<ScoreLogs> {
  const pendingFile = `${file}.pending`;
  if (!existsSync(file)) {
    await rm(pendingFile, { force: true });
  }
  const log = await openScoreLog(file);
  const pending = await openScoreLog(pendingFile);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) {
      isOpen = false;
      await pending.close();
    }
  };
  return {
    log,
    pending: {
      table: pending.table,
      append: (scores) => pending.append(scores),
      async clear() {
        await close();
        await rm(pendingFile, { force: true });
      },
      close,
    },
  };
}
