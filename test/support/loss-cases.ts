import * as fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { LossBatch } from "../../training/losses/loss-batch.ts";
import type { Loss, LossFeed } from "../../training/losses/loss.ts";
import { encodeModel } from "../../training/onnx/writer.ts";
import { builtModel } from "./built-model.ts";

/** A batch and its embeddings, a row each. */
export interface LossCase {
  readonly batch: LossBatch;
  readonly queries: readonly (readonly number[])[];
  readonly passages: readonly (readonly number[])[];
}

/**
 * A case whose dot products are the given (queries, passages) scores: queries are unit vectors, and passages hold what each
 * of them scores.
 */
export function caseOfScores(batch: LossBatch, scores: readonly (readonly number[])[]): LossCase {
  return {
    batch,
    queries: scores.map((_, row) => scores.map((_other, column) => Number(row === column))),
    passages: Array.from(batch.passageQuery, (_, passage) => scores.map((row) => row[passage] ?? NaN)),
  };
}

/**
 * A loss alone in a graph, in double precision unless said otherwise: a function from cases of any size to its value, over one
 * session.
 */
export async function lossEvaluator(
  loss: Loss,
  dims: number,
  floatType: "float" | "double" = "double",
): Promise<(found: LossCase) => Promise<number>> {
  const model = builtModel(
    (build) => {
      build.input("queries", ["queries", dims]);
      build.input("passages", ["passages", dims]);
      return loss.build(build, { queries: "queries", passages: "passages" });
    },
    { floatType },
  );
  const session = await InferenceSession.create(encodeModel(model), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  return async (found) => Number((await session.run(lossFeeds(loss, found, floatType)))["y"]?.data[0]);
}

/** Everything that the graph of a loss alone is fed; embeddings in the float type. */
export function lossFeeds(
  loss: Loss,
  { batch, queries, passages }: LossCase,
  floatType: "float" | "double",
): Record<string, Tensor> {
  const matrix = (rows: LossCase["queries"]): Tensor => {
    const dims = [rows.length, rows[0]?.length ?? 0];
    return floatType === "float"
      ? new Tensor("float32", Float32Array.from(rows.flat()), dims)
      : new Tensor("float64", Float64Array.from(rows.flat()), dims);
  };
  const own = [...loss.feeds(batch)].map(([name, feed]) => [name, tensorOf(feed)] as const);
  return { queries: matrix(queries), passages: matrix(passages), ...Object.fromEntries(own) };
}

/** `lossEvaluator` for one case. */
export async function evaluateLoss(loss: Loss, found: LossCase, floatType?: "float" | "double"): Promise<number> {
  const evaluate = await lossEvaluator(loss, found.queries[0]?.length ?? 0, floatType);
  return evaluate(found);
}

function tensorOf({ data, dims }: LossFeed): Tensor {
  if (data instanceof Uint8Array) {
    return new Tensor("bool", data, dims);
  }
  if (data instanceof BigInt64Array) {
    return new Tensor("int64", data, dims);
  }
  if (data instanceof Float32Array) {
    return new Tensor("float32", data, dims);
  }
  throw new TypeError(`no loss feeds a ${data.constructor.name}`);
}

/** How many numbers an embedding of `lossCases` has. */
export const CASE_DIMS = 5;

/** Batches of 1-4 queries with 1-3 positives and 1-3 hard negatives, passages in any order. */
export function lossCases(): fc.Arbitrary<LossCase> {
  const row = fc.array(
    fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10),
    { minLength: CASE_DIMS, maxLength: CASE_DIMS },
  );
  const rowsOf = (count: number) =>
    fc.array(
      row.filter((values) => Math.hypot(...values) > 0),
      { minLength: count, maxLength: count },
    );
  const sizes = fc.record({
    positives: fc.integer({ min: 1, max: 3 }),
    negatives: fc.integer({ min: 1, max: 3 }),
  });
  return fc.array(sizes, { minLength: 1, maxLength: 4 }).chain((queries) => {
    const owned = queries.flatMap(({ positives, negatives }, query) =>
      Array.from({ length: positives + negatives }, (_, index) => ({
        query,
        isPositive: index < positives,
      })),
    );
    return fc
      .record({
        order: fc.shuffledSubarray(owned, { minLength: owned.length }),
        queryRows: rowsOf(queries.length),
        passageRows: rowsOf(owned.length),
        teacherScores: fc.uniqueArray(fc.integer({ min: -30, max: 30 }), {
          minLength: owned.length,
          maxLength: owned.length,
        }),
      })
      .map(({ order, queryRows, passageRows, teacherScores }) => ({
        batch: {
          queryIds: queries.map((_, index) => `q${index}`),
          passageQuery: order.map(({ query }) => query),
          isPositive: order.map(({ isPositive }) => isPositive),
          teacherScores: teacherScores.map((tenths) => tenths / 10),
        },
        queries: queryRows,
        passages: passageRows,
      }));
  });
}
