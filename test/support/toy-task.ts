import type { Parameter } from "../../training/optim/parameter.ts";
import type { TrainingTask } from "../../training/trainer/training-task.ts";

export interface ToyTaskOptions {
  /** Called before the gradients of a batch, with its items. */
  readonly onBatch?: (items: readonly number[]) => void | Promise<void>;
  /** Loss of a batch; default that of the formula. */
  readonly loss?: (items: readonly number[]) => number | undefined;
  /** Default: minus the loss over all items. */
  readonly scores?: Iterator<number>;
  readonly hasEvaluation?: boolean;
}

const ITEMS = 12;

/** Item i wants x = (i, -i): the loss is the mean squared distance of a batch, and all of it by hand. */
export function toyTask({ onBatch, loss, scores, hasEvaluation = true }: ToyTaskOptions = {}): TrainingTask {
  const parameter: Parameter = { name: "x", dims: [2], data: Float32Array.of(30, 5) };
  const distance = (items: readonly number[]): number => {
    const [a = 0, b = 0] = parameter.data;
    return items.reduce((sum, item) => sum + (a - item) ** 2 + (b + item) ** 2, 0) / items.length;
  };
  const all = Array.from({ length: ITEMS }, (_, item) => item);
  return {
    parameters: [parameter],
    lengths: all.map((item) => 1 + (item % 3)),
    idOf: (item) => `q${item}`,
    async gradients(items) {
      await onBatch?.(items);
      const [a = 0, b = 0] = parameter.data;
      const slope = (value: number, sign: number): number =>
        items.reduce((sum, item) => sum + 2 * (value - sign * item), 0) / items.length;
      return {
        loss: loss?.(items) ?? distance(items),
        gradients: new Map([["x", Float32Array.of(slope(a, 1), slope(b, -1))]]),
        tokens: items.length,
        facts: { maskedShare: 0.25 },
      };
    },
    evaluate: hasEvaluation ? () => Promise.resolve(scores?.next().value ?? -distance(all)) : undefined,
    measure: "toy",
    close: () => Promise.resolve(),
  };
}
