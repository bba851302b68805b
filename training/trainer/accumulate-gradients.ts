import { AppError } from "../../src/shared/errors.ts";
import type { Gradient, RowGradient } from "../optim/gradient.ts";
import type { StepGradients } from "./training-task.ts";

/**
 * The mean of the gradients of several batches, for batches that do not fit into memory at once. Losses and facts are
 * averaged, tokens summed. Each batch contrasts only within itself: for more in-batch negatives use GradCache instead.
 */
export class GradientAccumulator {
  readonly #sums = new Map<string, Gradient>();
  readonly #count: number;
  #loss = 0;
  #tokens = 0;
  readonly #facts = new Map<string, number>();

  /** `count`: how many batches will be added. */
  constructor(count: number) {
    this.#count = count;
  }

  add({ loss, gradients, tokens, facts = {} }: StepGradients): void {
    const share = 1 / this.#count;
    this.#loss += share * loss;
    this.#tokens += tokens;
    for (const [name, value] of Object.entries(facts)) {
      this.#facts.set(name, (this.#facts.get(name) ?? 0) + share * value);
    }
    for (const [name, gradient] of gradients) {
      const sum = this.#sums.get(name);
      this.#sums.set(name, sum === undefined ? scaledCopy(gradient, share) : addScaled(name, sum, gradient, share));
    }
  }

  result(): StepGradients {
    return {
      loss: this.#loss,
      gradients: this.#sums,
      tokens: this.#tokens,
      facts: Object.fromEntries(this.#facts),
    };
  }
}

function scaledCopy(gradient: Gradient, share: number): Gradient {
  return gradient instanceof Float32Array
    ? gradient.map((value) => value * share)
    : { rows: gradient.rows.slice(), values: gradient.values.map((value) => value * share) };
}

function addScaled(name: string, sum: Gradient, gradient: Gradient, share: number): Gradient {
  if (sum instanceof Float32Array && gradient instanceof Float32Array) {
    for (let index = 0; index < sum.length; index += 1) {
      sum[index] = (sum[index] ?? 0) + share * (gradient[index] ?? 0);
    }
    return sum;
  }
  if (sum instanceof Float32Array || gradient instanceof Float32Array) {
    throw new AppError("internal", `parameter "${name}" got gradients of two kinds, of rows and whole`);
  }
  return addRows(sum, gradient, share);
}

function addRows(sum: RowGradient, gradient: RowGradient, share: number): RowGradient {
  const rows = [...new Set([...sum.rows, ...gradient.rows])];
  const positions = new Map(rows.map((row, position) => [row, position]));
  const size =
    sum.rows.length > 0 ? sum.values.length / sum.rows.length : gradient.values.length / gradient.rows.length;
  const values = new Float32Array(rows.length * (Number.isFinite(size) ? size : 0));
  values.set(sum.values); // the rows of the sum come first, in their order
  for (const [index, row] of gradient.rows.entries()) {
    const target = (positions.get(row) ?? 0) * size;
    for (let column = 0; column < size; column += 1) {
      values[target + column] = (values[target + column] ?? 0) + share * (gradient.values[index * size + column] ?? 0);
    }
  }
  return { rows: Int32Array.from(rows), values };
}
