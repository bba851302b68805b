import { AppError } from "../../src/shared/errors.ts";
import type { GradientTransformation, Updates } from "./gradient-transformation.ts";
import { gradientOf, gradientValues } from "./gradient.ts";
import type { Parameter } from "./parameter.ts";

/** As in torch.nn.utils.clip_grad_norm_. */
const NORM_EPSILON = 1e-6;

/**
 * Scales all gradients together so that their Euclidean norm is at most `maxNorm` (Pascanu et al., ICML 2013): by
 * min(1, maxNorm / (norm + 1e-6)), as PyTorch has it, so a norm equal to the maximum shrinks by a millionth. Infinity clips
 * nothing and still reports the norm as the fact `gradientNorm`. Gradients of zero stay zero.
 * @throws AppError `training_diverged` from `update`, before anything is changed, when a gradient is NaN or infinite; names
 *   the parameters.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransformation {
  if (!(maxNorm > 0)) {
    throw new RangeError(`the largest gradient norm must be positive, got ${maxNorm}`);
  }
  return {
    init: () => new Map(),
    update(updates, _state, parameters) {
      const { scale = 1, facts = {} } = updates;
      const norm = Math.abs(scale) * globalNorm(updates, parameters);
      const factor = Math.min(1, maxNorm / (norm + NORM_EPSILON));
      return { ...updates, scale: scale * factor, facts: { ...facts, gradientNorm: norm } };
    },
  };
}

function globalNorm({ gradients }: Updates, parameters: readonly Parameter[]): number {
  const squares = parameters.map((parameter) => sumOfSquares(gradientValues(gradientOf(parameter, gradients))));
  const sum = squares.reduce((total, square) => total + square, 0);
  if (!Number.isFinite(sum)) {
    const names = parameters.filter((_, index) => !Number.isFinite(squares[index])).map(({ name }) => `"${name}"`);
    const shown = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
    throw new AppError("training_diverged", `the gradient of ${shown} is not finite; nothing was changed by this step`);
  }
  return Math.sqrt(sum);
}

/** In double precision over four sums, which the processor adds at once. */
function sumOfSquares(values: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let index = 0; index < whole; index += 4) {
    const w = values[index] ?? 0;
    const x = values[index + 1] ?? 0;
    const y = values[index + 2] ?? 0;
    const z = values[index + 3] ?? 0;
    a += w * w;
    b += x * x;
    c += y * y;
    d += z * z;
  }
  for (let index = whole; index < values.length; index += 1) {
    a += (values[index] ?? 0) ** 2;
  }
  return a + b + c + d;
}
