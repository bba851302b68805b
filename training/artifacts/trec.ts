import type { ScoredPassage } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import { readLines } from "./jsonl.ts";

/** Ranked passages by query id, best first. */
export type Run = ReadonlyMap<string, readonly ScoredPassage[]>;

interface Identified {
  readonly id: string;
}

/**
 * A TREC run parts its columns by white space, which our ids may hold: found out before a long retrieval, not after it.
 * @throws AppError `invalid_artifact` naming the first id that does not fit.
 */
export function checkTrecIds(queries: Iterable<Identified>, passages: Iterable<Identified>): void {
  for (const { id } of queries) {
    checkTrecId("query", id);
  }
  for (const { id } of passages) {
    checkTrecId("passage", id);
  }
}

function checkTrecId(what: "passage" | "query", id: string): void {
  if (/\s/u.test(id)) {
    throw new AppError(
      "invalid_artifact",
      `the id of ${what} ${JSON.stringify(id)} holds white space, which parts the columns of a TREC run: rename it, or write no run`,
    );
  }
}

/** Lines `query Q0 passage rank score tag`, ranks from 1: the format of trec_eval. Throws like `checkTrecIds`. */
export function* toTrecRun(run: Run, tag: string): Generator<string> {
  for (const [queryId, passages] of run) {
    checkTrecId("query", queryId);
    for (const [index, { id, score }] of passages.entries()) {
      checkTrecId("passage", id);
      yield `${queryId} Q0 ${id} ${index + 1} ${score} ${tag}\n`;
    }
  }
}

/**
 * Reads a TREC run. Like trec_eval it ignores the rank column and the order of the lines: passages are ordered by score,
 * ties by the order in the file. Throws `invalid_artifact` with file and line, also for a passage ranked twice.
 */
export async function readTrecRun(file: string): Promise<Run> {
  const run = new Map<string, ScoredPassage[]>();
  const seen = new Set<string>();
  for await (const { line, text } of readLines(file)) {
    const [queryId, , id, , scoreText, ...rest] = text.trim().split(/\s+/u);
    const score = Number(scoreText);
    if (
      queryId === undefined ||
      id === undefined ||
      scoreText === undefined ||
      rest.length > 1 ||
      !Number.isFinite(score)
    ) {
      throw new AppError("invalid_artifact", `${file}:${line}: expected "query Q0 passage rank score tag"`);
    }
    const key = `${queryId} ${id}`;
    if (seen.has(key)) {
      throw new AppError("invalid_artifact", `${file}:${line}: passage "${id}" appears twice for query "${queryId}"`);
    }
    seen.add(key);
    const passages = run.get(queryId) ?? [];
    passages.push({ id, score });
    run.set(queryId, passages);
  }
  for (const passages of run.values()) {
    passages.sort((a, b) => b.score - a.score);
  }
  return run;
}
