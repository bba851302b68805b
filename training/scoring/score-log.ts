import { existsSync } from "node:fs";
import { mkdir, open, readFile, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { lmScoreLine, readLmScores } from "../artifacts/lm-scores.ts";
import type { LmScore } from "../artifacts/lm-scores.ts";

const NEWLINE = 0x0a;

/** Scores by signal, query id and passage id. */
export type ScoreTable = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;

/** A growing `lm-scores.jsonl`. */
export interface ScoreLog {
  /** What the file held when it was opened, and what was appended since. */
  readonly table: ScoreTable;
  /** Writes the lines of one query at once and waits until they are on disk. */
  append(scores: readonly LmScore[]): Promise<void>;
  /** Takes all scores of a signal for these queries out of the file. */
  remove(signal: string, queryIds: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file for appending, or makes it. A line that a killed run left half is cut off; every other malformed line is an
 * error, with its number: nothing is dropped silently.
 */
export async function openScoreLog(file: string): Promise<ScoreLog> {
  await mkdir(path.dirname(file), { recursive: true });
  const table = new Map<string, Map<string, Map<string, number>>>();
  const note = ({ signal, queryId, passageId, score }: LmScore): void => {
    const ofSignal = table.get(signal) ?? new Map<string, Map<string, number>>();
    const ofQuery = ofSignal.get(queryId) ?? new Map<string, number>();
    table.set(signal, ofSignal.set(queryId, ofQuery.set(passageId, score)));
  };
  if (existsSync(file)) {
    await cutTornLine(file);
    for await (const score of readLmScores(file)) {
      note(score);
    }
  }
  let handle: FileHandle = await open(file, "a");
  return {
    table,
    async append(scores) {
      await handle.appendFile(scores.map(lmScoreLine).join(""));
      await handle.datasync();
      for (const score of scores) {
        note(score);
      }
    },
    async remove(signal, queryIds) {
      const kept = (await Array.fromAsync(readLmScores(file))).filter(
        (score) => score.signal !== signal || !queryIds.has(score.queryId),
      );
      await handle.close();
      await writeFileAtomic(file, kept.map(lmScoreLine));
      handle = await open(file, "a");
      for (const queryId of queryIds) {
        table.get(signal)?.delete(queryId);
      }
    },
    close: () => handle.close(),
  };
}

async function cutTornLine(file: string): Promise<void> {
  const bytes = await readFile(file);
  if (bytes.length > 0 && bytes.at(-1) !== NEWLINE) {
    await truncate(file, bytes.lastIndexOf(NEWLINE) + 1);
  }
}
