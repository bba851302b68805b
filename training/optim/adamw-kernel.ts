/** The tensors of one parameter, all of the same length; a kernel changes all three in place. */
export interface AdamWTensors {
  readonly weights: Float32Array;
  /** Running mean of the gradient. */
  readonly mean: Float32Array;
  /** Running mean of its square. */
  readonly variance: Float32Array;
}

/** The numbers of one step, the same for every element. */
export interface AdamWCoefficients {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Multiplies every gradient. */
  readonly scale: number;
  /** 1 - learning rate · weight decay. */
  readonly keep: number;
  /** Learning rate / (1 - beta1^t). */
  readonly stepSize: number;
  /** 1 / √(1 - beta2^t). */
  readonly rootCorrection: number;
}

/** One run of elements with a gradient. */
export interface AdamWRange {
  /** First element in the tensors. */
  readonly start: number;
  readonly length: number;
  readonly gradient: Float32Array;
  /** First element in the gradient. */
  readonly gradientStart: number;
}

/**
 * A mean below this is set to 0. Rows without gradients decay towards 0 and would end as denormal numbers, which the processor
 * handles a hundred times slower; at this size they no longer move any weight.
 */
const NEGLIGIBLE_MEAN = 1e-30;

/** One pass over memory: reads four numbers an element, writes three. Sums are in double, results rounded to float. */
export function stepElements(
  { weights, mean, variance }: AdamWTensors,
  { start, length, gradient, gradientStart }: AdamWRange,
  { beta1, beta2, epsilon, scale, keep, stepSize, rootCorrection }: AdamWCoefficients,
): void {
  const gain1 = 1 - beta1;
  const gain2 = 1 - beta2;
  const offset = gradientStart - start;
  const end = start + length;
  for (let index = start; index < end; index += 1) {
    const slope = (gradient[offset + index] ?? 0) * scale;
    const newMean = beta1 * (mean[index] ?? 0) + gain1 * slope;
    const newVariance = beta2 * (variance[index] ?? 0) + gain2 * slope * slope;
    mean[index] = newMean;
    variance[index] = newVariance;
    weights[index] =
      keep * (weights[index] ?? 0) - (stepSize * newMean) / (Math.sqrt(newVariance) * rootCorrection + epsilon);
  }
}

/** `stepElements` for a gradient of zeros. */
export function coastElements(
  { weights, mean, variance }: AdamWTensors,
  { start, length }: Pick<AdamWRange, "start" | "length">,
  { beta1, beta2, epsilon, keep, stepSize, rootCorrection }: AdamWCoefficients,
): void {
  const end = start + length;
  for (let index = start; index < end; index += 1) {
    const decayed = beta1 * (mean[index] ?? 0);
    const newMean = Math.abs(decayed) < NEGLIGIBLE_MEAN ? 0 : decayed;
    const newVariance = beta2 * (variance[index] ?? 0);
    mean[index] = newMean;
    variance[index] = newVariance;
    weights[index] =
      keep * (weights[index] ?? 0) - (stepSize * newMean) / (Math.sqrt(newVariance) * rootCorrection + epsilon);
  }
}

/** `coastElements` where both moments are 0: only the decay is left. */
export function decayElements(
  weights: Float32Array,
  { start, length }: Pick<AdamWRange, "start" | "length">,
  keep: number,
): void {
  const end = start + length;
  for (let index = start; index < end; index += 1) {
    weights[index] = keep * (weights[index] ?? 0);
  }
}
