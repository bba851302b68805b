import { AppError } from "../../src/shared/errors.ts";
import { readTrainingExamples } from "../artifacts/training-examples.ts";
import type { TrainingExample } from "../artifacts/training-examples.ts";

/** An example with its passages as rows of the corpus. */
export interface PreparedExample {
  readonly queryId: string;
  readonly query: string;
  readonly positives: readonly number[];
  readonly hardNegatives: readonly number[];
  /** The teacher's scores by row; empty when it gave none. */
  readonly scores: ReadonlyMap<number, number>;
}

/**
 * `strict3`: only queries with exactly three positives, as AAR's code keeps them. `variable`: all queries, with up to
 * `maxPositives` positives each.
 */
type PositivesRule = "variable" | "strict3";

export interface LoadTrainingDataOptions {
  readonly file: string;
  /** Ids of the passages in the order of their rows. */
  readonly passageIds: readonly string[];
  readonly positives: PositivesRule;
  /** Told how many queries `strict3` leaves out. */
  readonly warn: (message: string) => void;
}

/**
 * The examples of a training file, in its order.
 * @throws AppError `invalid_artifact` like `readTrainingExamples`, and when `strict3` leaves nothing.
 */
export async function loadTrainingData(options: LoadTrainingDataOptions): Promise<PreparedExample[]> {
  const { file, passageIds, positives, warn } = options;
  const rows = new Map(passageIds.map((id, row) => [id, row]));
  const examples = await Array.fromAsync(readTrainingExamples(file, rows), (example) => prepare(example, rows));
  const kept = positives === "strict3" ? examples.filter((example) => example.positives.length === 3) : examples;
  if (kept.length < examples.length) {
    warn(`strict3 leaves out ${examples.length - kept.length} of ${examples.length} queries, not having 3 positives`);
  }
  if (kept.length === 0) {
    throw new AppError(
      "invalid_artifact",
      `${file}: no query has exactly 3 positives; train with positives "variable"`,
    );
  }
  return kept;
}

function prepare(example: TrainingExample, rows: ReadonlyMap<string, number>): PreparedExample {
  const rowOf = (id: string): number => rows.get(id) ?? -1; // the reader has checked that it is there
  const { queryId, query, positives, hardNegatives, scores = {} } = example;
  const own = positives.flatMap(({ passageId, score }) =>
    score === undefined ? [] : [[rowOf(passageId), score] as const],
  );
  return {
    queryId,
    query,
    positives: positives.map(({ passageId }) => rowOf(passageId)),
    hardNegatives: hardNegatives.map(rowOf),
    scores: new Map([...own, ...Object.entries(scores).map(([id, score]) => [rowOf(id), score] as const)]),
  };
}
