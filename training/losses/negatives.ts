import { AppError } from "../../src/shared/errors.ts";
import type { LossBatch } from "./loss-batch.ts";
import { maskFeed } from "./loss-feeds.ts";
import type { LossFeed } from "./loss.ts";

/**
 * What each query is contrasted with, (queries, passages). Own positives are never negatives, own hard negatives always are,
 * passages of other queries are unless `falseNegatives` says otherwise.
 * @throws AppError `invalid_artifact` when no query of the batch has a negative: there is nothing to learn from it.
 */
export function negativesMask({ queryIds, passageQuery, isPositive, falseNegatives }: LossBatch): LossFeed {
  const passages = passageQuery.length;
  const mask = maskFeed([queryIds.length, passages], (query, passage) =>
    passageQuery[passage] === query
      ? isPositive[passage] !== true
      : (falseNegatives?.[query * passages + passage] ?? 0) === 0,
  );
  if (!mask.data.includes(1)) {
    throw new AppError(
      "invalid_artifact",
      `no query of the batch has a negative ("${queryIds.join('", "')}"); give it hard negatives or a larger batch`,
    );
  }
  return mask;
}
