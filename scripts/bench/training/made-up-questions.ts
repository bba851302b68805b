import { seededUnitVectors } from "../../../test/support/seeded-unit-vectors.ts";
import { keyedRandom } from "../../../training/seeded-random.ts";
import type { PreparedExample } from "../../../training/trainer/training-data.ts";
import { packRows } from "../../../training/trainer/vector-rows.ts";
import type { VectorRows } from "../../../training/trainer/vector-rows.ts";

export const DIMS = 384;
const PASSAGES = 64_000;
const TOPICS = 500;

/** Lengths, beside the passage's 1, of what all questions share, which an adapter can learn to take away, and of noise. */
const [COMMON, NOISE] = [2, 3.6];

export interface MadeUpQuestions {
  readonly passages: VectorRows;
  /** Of the questions, in their order. */
  readonly queries: VectorRows;
  readonly examples: readonly PreparedExample[];
}

/** Passages around topics, and questions about every second one of them. */
export function madeUpQuestions(count: number): MadeUpQuestions {
  const vectors = seededUnitVectors({ count: PASSAGES, dimensions: DIMS, seed: 1, clusters: TOPICS });
  const random = keyedRandom(["questions"]);
  const scatter = (length: number): number => (length * Math.sqrt(3) * (2 * random() - 1)) / Math.sqrt(DIMS);
  const common = Float32Array.from({ length: DIMS }, () => scatter(COMMON));
  const passageOf = (question: number): number => (2 * question + 1) % PASSAGES;
  const rows = Array.from({ length: count }, (_, question) => {
    const passage = vectors[passageOf(question)] ?? new Float32Array(DIMS);
    const vector = passage.map((value, d) => value + (common[d] ?? 0) + scatter(NOISE));
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  });
  return {
    passages: packRows(vectors, DIMS),
    queries: packRows(rows, DIMS),
    examples: rows.map((_, question) => ({
      queryId: `q${question}`,
      query: "",
      positives: [passageOf(question)],
      hardNegatives: [],
      scores: new Map(),
    })),
  };
}
