import { AppError } from "../../src/shared/errors.ts";
import { contrastTerms, maskedLogSumExp } from "./log-sum-exp.ts";
import { ownPassages } from "./loss-batch.ts";
import { indexFeed, lossInput } from "./loss-feeds.ts";
import type { Loss } from "./loss.ts";
import { negativesMask } from "./negatives.ts";
import { scoreMatrix } from "./score-matrix.ts";
import type { ScoreOptions } from "./score-matrix.ts";

export interface ContrastiveOptions extends ScoreOptions {
  /** Refuse queries that do not have exactly three positives, as AAR's code needs them. Default false. */
  readonly strict3?: boolean;
}

/**
 * AAR's masked contrastive loss (Yu et al., ACL 2023, as in its code, `DRModel.forward` with `use_all_positive_passages`):
 *
 *     L = mean over all pairs of a query i and a positive + of i of  -log( e^s_i+ / (e^s_i+ + Σ_j e^s_ij) )
 *
 * with s = similarity / temperature, and j over i's own hard negatives and *all* passages of the other queries. The other
 * positives of i are in no denominator of i. The paper's equation 7 shows neither in-batch negatives nor the temperature: 1
 * for T5-ANCE, 0.05 for Contriever.
 *
 * Any number of positives from one on: each pair counts the same, so a query counts by its positives. With `strict3` every
 * query has three, and this is AAR's mean. One positive a query: InfoNCE (MultipleNegativesRankingLoss of
 * sentence-transformers) with hard negatives. Every positive has to win on its own here; in `sum-marg-lh` one of them
 * suffices, which forgives wrong ones.
 *
 * Ties need no rule; a positive with only one negative of the same score costs log 2. Pairs of a query without negatives
 * cost 0 and count in the mean.
 */
export function contrastive({ strict3 = false, ...scoring }: ContrastiveOptions = {}): Loss {
  return {
    name: "contrastive",
    build(build, embeddings) {
      const scores = scoreMatrix(build, embeddings, scoring);
      const mask = lossInput(build, NEGATIVES, { dims: ["queries", "passages"], dataType: "bool" });
      const pairQuery = lossInput(build, PAIR_QUERY, { dims: ["pairs"], dataType: "int64" });
      const pairScore = lossInput(build, PAIR_SCORE, { dims: ["pairs"], dataType: "int64" });
      const negatives = build.gather(maskedLogSumExp(build, scores, mask), pairQuery);
      const positives = build.gather(build.reshape(scores, [-1]), pairScore);
      return build.reduceMean(contrastTerms(build, positives, negatives), [0], { keepDims: false });
    },
    feeds(batch) {
      const queries = ownPassages(batch);
      const odd = strict3 ? queries.find(({ positives }) => positives.length !== 3) : undefined;
      if (odd !== undefined) {
        const got = `${odd.positives.length} positives, expected 3`;
        throw new AppError("invalid_artifact", `query "${odd.queryId}" has ${got}; drop it, or train without strict3`);
      }
      const pairs = queries.flatMap(({ positives }, query) => positives.map((passage) => ({ query, passage })));
      const passages = batch.passageQuery.length;
      return new Map([
        [NEGATIVES, negativesMask(batch)],
        [PAIR_QUERY, indexFeed(pairs.map(({ query }) => query))],
        [PAIR_SCORE, indexFeed(pairs.map(({ query, passage }) => query * passages + passage))],
      ]);
    },
  };
}

const NEGATIVES = "loss/negatives";
const PAIR_QUERY = "loss/pair_query";
/** Position in the flattened (queries, passages) scores. */
const PAIR_SCORE = "loss/pair_score";
