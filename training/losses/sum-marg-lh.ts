import { contrastTerms, maskedLogSumExp } from "./log-sum-exp.ts";
import { ownPassages } from "./loss-batch.ts";
import { lossInput, maskFeed } from "./loss-feeds.ts";
import type { Loss } from "./loss.ts";
import { negativesMask } from "./negatives.ts";
import { scoreMatrix } from "./score-matrix.ts";
import type { ScoreOptions } from "./score-matrix.ts";

/**
 * Summed marginal likelihood (Zhang et al., "Utility-focused annotation", EMNLP 2025):
 *
 *     L = mean over queries of  -log Σ_{own positives} P(d),   P = softmax of s over own positives and negatives
 *
 * with the scores and negatives of `contrastive`. It asks that the positives together win, not each: a wrong positive costs
 * little once a right one scores high, where `contrastive` pulls at it for ever. Every query counts the same, however many
 * positives it has. With one positive a query the two are equal.
 *
 * Ties need no rule. A query without negatives costs 0 and counts in the mean.
 */
export function sumMargLh(scoring: ScoreOptions = {}): Loss {
  const matrix = { dims: ["queries", "passages"], dataType: "bool" } as const;
  return {
    name: "sum-marg-lh",
    build(build, embeddings) {
      const scores = scoreMatrix(build, embeddings, scoring);
      const positives = maskedLogSumExp(build, scores, lossInput(build, POSITIVES, matrix));
      const negatives = maskedLogSumExp(build, scores, lossInput(build, NEGATIVES, matrix));
      return build.reduceMean(contrastTerms(build, positives, negatives), [0], { keepDims: false });
    },
    feeds(batch) {
      const size = [ownPassages(batch).length, batch.passageQuery.length] as const;
      const { passageQuery, isPositive } = batch;
      return new Map([
        [NEGATIVES, negativesMask(batch)],
        [
          POSITIVES,
          maskFeed(size, (query, passage) => passageQuery[passage] === query && isPositive[passage] === true),
        ],
      ]);
    },
  };
}

const NEGATIVES = "loss/negatives";
const POSITIVES = "loss/positives";
