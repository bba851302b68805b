import { AppError } from "../../src/shared/errors.ts";
import type { Loss } from "./loss.ts";
import { unitRows } from "./score-matrix.ts";

export interface EmbeddingAlignmentOptions {
  /** `cosine`: 1 - cos. `squared`: squared Euclidean distance, summed over dims. Default cosine. */
  readonly distance?: "cosine" | "squared";
}

/**
 * Draws each query embedding to its target, for distilling an encoder into a smaller one (Reimers and Gurevych, EMNLP 2020):
 *
 *     L = mean over queries of  1 - cos(q_i, p_i)   or   ‖q_i - p_i‖²
 *
 * "Passages" are the targets here: passage i is the teacher's embedding of text i, so it is the one positive of query i. No
 * negatives and no temperature. For unit vectors the squared distance is twice the cosine one; `squared` also learns the
 * length. 0 at the target. A query embedding of zeros has cosine 0: it costs 1.
 */
export function embeddingAlignment({ distance = "cosine" }: EmbeddingAlignmentOptions = {}): Loss {
  return {
    name: "embedding-alignment",
    build(build, { queries, passages }) {
      if (distance === "cosine") {
        const products = build.mul(unitRows(build, queries), unitRows(build, passages));
        const cosines = build.reduceSum(products, [1], { keepDims: false });
        return build.sub(build.scalar(1), build.reduceMean(cosines, [0], { keepDims: false }));
      }
      const differences = build.sub(queries, passages);
      const squares = build.reduceSum(build.mul(differences, differences), [1], {
        keepDims: false,
      });
      return build.reduceMean(squares, [0], { keepDims: false });
    },
    feeds({ queryIds, passageQuery, isPositive }) {
      const isAligned = Array.from(passageQuery).every(
        (query, passage) => query === passage && isPositive[passage] === true,
      );
      if (passageQuery.length !== queryIds.length || !isAligned) {
        throw new AppError(
          "invalid_artifact",
          `embedding alignment needs one target a query, in the same order; got ${passageQuery.length} for ${queryIds.length}`,
        );
      }
      return new Map();
    },
  };
}
