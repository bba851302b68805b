import { AppError } from "../../src/shared/errors.ts";
import { ownPassages, teacherScore } from "./loss-batch.ts";
import { floatFeed, indexFeed, lossInput } from "./loss-feeds.ts";
import type { Loss } from "./loss.ts";
import { scoreMatrix } from "./score-matrix.ts";
import type { ScoreOptions } from "./score-matrix.ts";

/**
 * MarginMSE (Hofstätter et al. 2020, "Improving efficient neural ranking models with cross-architecture knowledge distillation"):
 *
 *     L = mean over pairs of an own positive + and an own hard negative - of  ((s_+ - s_-) - (t_+ - t_-))²
 *
 * where t are the teacher's scores; passages that it did not score are left out, and passages of other queries do not enter.
 * Only differences matter, so the teacher's zero is free, its *scale* is not: choose the temperature so that margins are
 * comparable. Unlike `kl-distillation` it punishes margins that are too large as well. Equal teacher scores ask for equal
 * scores. A query without a pair is refused.
 */
export function marginMse(scoring: ScoreOptions = {}): Loss {
  return {
    name: "margin-mse",
    build(build, embeddings) {
      const scores = build.reshape(scoreMatrix(build, embeddings, scoring), [-1]);
      const higher = lossInput(build, HIGHER, { dims: ["pairs"], dataType: "int64" });
      const lower = lossInput(build, LOWER, { dims: ["pairs"], dataType: "int64" });
      const margins = build.sub(build.gather(scores, higher), build.gather(scores, lower));
      const errors = build.sub(margins, lossInput(build, MARGINS, { dims: ["pairs"], dataType: "float" }));
      return build.reduceMean(build.mul(errors, errors), [0], { keepDims: false });
    },
    feeds(batch) {
      const passages = batch.passageQuery.length;
      const pairs = ownPassages(batch).flatMap(({ queryId, positives, hardNegatives }, query) => {
        const own = positives.flatMap((positive) =>
          hardNegatives.flatMap((negative) => {
            const margin = (teacherScore(batch, positive) ?? NaN) - (teacherScore(batch, negative) ?? NaN);
            const [higher, lower] = [query * passages + positive, query * passages + negative];
            return Number.isNaN(margin) ? [] : [{ higher, lower, margin }];
          }),
        );
        if (own.length === 0) {
          const wanted = "a positive and a hard negative that the teacher has scored";
          throw new AppError("invalid_artifact", `query "${queryId}" lacks ${wanted}; score them or drop it`);
        }
        return own;
      });
      return new Map([
        [HIGHER, indexFeed(pairs.map(({ higher }) => higher))],
        [LOWER, indexFeed(pairs.map(({ lower }) => lower))],
        [
          MARGINS,
          floatFeed(
            [pairs.length],
            pairs.map(({ margin }) => margin),
          ),
        ],
      ]);
    },
  };
}

const HIGHER = "loss/pair_positive";
const LOWER = "loss/pair_negative";
const MARGINS = "loss/teacher_margins";
