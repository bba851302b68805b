import { maskedLogSumExp } from "./log-sum-exp.ts";
import { ownPassages } from "./loss-batch.ts";
import { floatFeed, lossInput, maskFeed } from "./loss-feeds.ts";
import type { Loss } from "./loss.ts";
import { scoreMatrix } from "./score-matrix.ts";
import type { ScoreOptions } from "./score-matrix.ts";
import { scoredPassages, teacherProbabilities } from "./teacher.ts";

export interface KlDistillationOptions extends ScoreOptions {
  /** Divides the teacher's scores; small is close to its best passage only. Default 1; REPLUG uses 0.1, Atlas 0.01. */
  readonly teacherTemperature?: number;
}

/**
 * Perplexity distillation (FiD-KD, Izacard and Grave 2021; REPLUG LSR, Shi et al. 2023; Atlas):
 *
 *     L = mean over queries of  KL(T ‖ S) = Σ_d T(d) (log T(d) - log S(d)),
 *     T = softmax(teacher score / teacherTemperature), S = softmax(s)
 *
 * both over the query's own passages that the teacher has scored, positives or not: no in-batch negatives, and marks of
 * positives do not matter. 0 when the student ranks and spaces them as the teacher does. Equal teacher scores get equal
 * probability. A query with one scored passage costs 0. Depends on the scale of the teacher's scores; `graded-distillation`
 * less so, and it keeps in-batch negatives (OpenRAG and LLM-Embedder found plain KL the weaker of the two).
 */
export function klDistillation({ teacherTemperature = 1, ...scoring }: KlDistillationOptions = {}): Loss {
  const dims = ["queries", "passages"];
  return {
    name: "kl-distillation",
    build(build, embeddings) {
      const scores = scoreMatrix(build, embeddings, scoring);
      const candidates = lossInput(build, CANDIDATES, { dims, dataType: "bool" });
      const teacher = lossInput(build, TEACHER, { dims, dataType: "float" });
      const normalizer = build.unsqueeze(maskedLogSumExp(build, scores, candidates), [1]);
      const crossEntropy = build.reduceSum(build.mul(teacher, build.sub(normalizer, scores)), [0, 1], {
        keepDims: false,
      });
      const entropy = lossInput(build, ENTROPY, { dims: [], dataType: "float" });
      const count = lossInput(build, QUERY_COUNT, { dims: [], dataType: "float" });
      return build.div(build.sub(crossEntropy, entropy), count);
    },
    feeds(batch) {
      const size = [batch.queryIds.length, batch.passageQuery.length] as const;
      const probabilities = new Float32Array(size[0] * size[1]);
      const isCandidate = new Set<number>();
      let entropy = 0;
      for (const [index, query] of ownPassages(batch).entries()) {
        const scored = scoredPassages(batch, query);
        for (const [position, probability] of teacherProbabilities(scored, teacherTemperature).entries()) {
          const cell = index * size[1] + (scored[position]?.passage ?? 0);
          isCandidate.add(cell);
          probabilities[cell] = probability;
          entropy -= probability === 0 ? 0 : probability * Math.log(probability);
        }
      }
      return new Map([
        [CANDIDATES, maskFeed(size, (query, passage) => isCandidate.has(query * size[1] + passage))],
        [TEACHER, floatFeed(size, probabilities)],
        [ENTROPY, floatFeed([], [entropy])],
        [QUERY_COUNT, floatFeed([], [size[0]])],
      ]);
    },
  };
}

const CANDIDATES = "loss/candidates";
const TEACHER = "loss/teacher_probabilities";
const ENTROPY = "loss/teacher_entropy";
const QUERY_COUNT = "loss/query_count";
