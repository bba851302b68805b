import { hashSplit } from "../artifacts/hash-split.ts";
import type { TrainingExample } from "../artifacts/training-examples.ts";

type Part = "dev" | "train";

export interface DealExamplesOptions {
  readonly by: "question" | "passage";
  readonly shares: Readonly<Record<Part, number>>;
  readonly seed: number;
}

/**
 * Deals out examples by a hash of their question, or of their first positive. By passage, dev measures what training does for passages
 * it never saw: positives of training examples that are dev passages are taken out of them.
 */
export function dealExamples(
  examples: readonly TrainingExample[],
  { by, shares, seed }: DealExamplesOptions,
): Readonly<Record<Part, readonly TrainingExample[]>> {
  const partOfPassage = (id: string): Part => hashSplit(`passage:${id}`, { shares, seed });
  const partOf = ({ queryId, positives: [first] }: TrainingExample): Part =>
    by === "question" ? hashSplit(`part:${queryId}`, { shares, seed }) : partOfPassage(first?.passageId ?? "");
  const train = examples.filter((example) => partOf(example) === "train");
  return {
    dev: examples.filter((example) => partOf(example) === "dev"),
    train:
      by === "question"
        ? train
        : train.map((example) => ({
            ...example,
            positives: example.positives.filter(({ passageId }) => partOfPassage(passageId) === "train"),
          })),
  };
}
