import { AppError } from "../../src/shared/errors.ts";
import { contrastTerms, maskedLogSumExp } from "./log-sum-exp.ts";
import { ownPassages } from "./loss-batch.ts";
import type { LossBatch } from "./loss-batch.ts";
import { floatFeed, indexFeed, lossInput, maskFeed } from "./loss-feeds.ts";
import type { Loss } from "./loss.ts";
import { scoreMatrix } from "./score-matrix.ts";
import type { ScoreOptions } from "./score-matrix.ts";
import { scoredPassages, teacherProbabilities } from "./teacher.ts";

export interface GradedDistillationOptions extends ScoreOptions {
  /** Divides the teacher's scores in the weights. Default 1. */
  readonly teacherTemperature?: number;
}

/**
 * LLM-Embedder's stabilised distillation (Zhang et al. 2023): a contrastive term for every passage that the teacher scored,
 * against those it scored lower, weighted by how much the teacher likes it:
 *
 *     L = mean over queries of  Σ_d w_d · -log( e^s_d / (e^s_d + Σ_j e^s_j) ),   w = softmax(teacher score / teacherTemperature)
 *
 * with j over the own passages that the teacher scored lower than d, own hard negatives that it did not score, and all
 * passages of the other queries (but for `falseNegatives`). Only the order of the scores decides who is contrasted with whom,
 * so a badly scaled teacher costs weights, not directions; that is what `kl-distillation` lacks. With one scored passage, a
 * positive, it is `contrastive`.
 *
 * Equal teacher scores are not contrasted with each other. A term without any j costs 0. Positives need a score.
 */
export function gradedDistillation({ teacherTemperature = 1, ...scoring }: GradedDistillationOptions = {}): Loss {
  return {
    name: "graded-distillation",
    build(build, embeddings) {
      const scores = scoreMatrix(build, embeddings, scoring);
      const mask = lossInput(build, LOWER, { dims: ["terms", "passages"], dataType: "bool" });
      const termQuery = lossInput(build, TERM_QUERY, { dims: ["terms"], dataType: "int64" });
      const termScore = lossInput(build, TERM_SCORE, { dims: ["terms"], dataType: "int64" });
      const lower = maskedLogSumExp(build, build.gather(scores, termQuery), mask);
      const terms = contrastTerms(build, build.gather(build.reshape(scores, [-1]), termScore), lower);
      const weights = lossInput(build, WEIGHTS, { dims: ["terms"], dataType: "float" });
      return build.reduceSum(build.mul(terms, weights), [0], { keepDims: false });
    },
    feeds(batch) {
      const terms = gradedTerms(batch, teacherTemperature);
      const passages = batch.passageQuery.length;
      return new Map([
        [LOWER, maskFeed([terms.length, passages], (term, passage) => terms[term]?.isLower(passage) ?? false)],
        [TERM_QUERY, indexFeed(terms.map(({ query }) => query))],
        [TERM_SCORE, indexFeed(terms.map(({ query, passage }) => query * passages + passage))],
        [
          WEIGHTS,
          floatFeed(
            [terms.length],
            terms.map(({ weight }) => weight / batch.queryIds.length),
          ),
        ],
      ]);
    },
  };
}

const LOWER = "loss/lower";
const TERM_QUERY = "loss/term_query";
const TERM_SCORE = "loss/term_score";
const WEIGHTS = "loss/term_weights";

interface GradedTerm {
  readonly query: number;
  readonly passage: number;
  readonly weight: number;
  readonly isLower: (passage: number) => boolean;
}

/** Throws when none of them has anything to be contrasted with. */
function gradedTerms(batch: LossBatch, teacherTemperature: number): readonly GradedTerm[] {
  const { passageQuery, falseNegatives } = batch;
  const passages = passageQuery.length;
  const terms = ownPassages(batch).flatMap((own, query) => {
    const scored = scoredPassages(batch, own);
    const scoreOf = new Map(scored.map(({ passage, score }) => [passage, score]));
    if (own.positives.some((passage) => !scoreOf.has(passage))) {
      throw new AppError("invalid_artifact", `a positive of query "${own.queryId}" has no teacher score; score it too`);
    }
    return teacherProbabilities(scored, teacherTemperature).map((weight, position) => {
      const { passage = 0, score = 0 } = scored[position] ?? {};
      const isLower = (other: number): boolean =>
        passageQuery[other] === query
          ? (scoreOf.get(other) ?? -Infinity) < score
          : (falseNegatives?.[query * passages + other] ?? 0) === 0;
      return { query, passage, weight, isLower };
    });
  });
  if (!terms.some(({ isLower }) => batch.isPositive.some((_positive, passage) => isLower(passage)))) {
    const ids = batch.queryIds.join('", "');
    throw new AppError("invalid_artifact", `the teacher prefers no passage to another in the batch ("${ids}")`);
  }
  return terms;
}
