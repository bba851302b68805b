import { AppError } from "../../src/shared/errors.ts";
import { seededRandom } from "../seeded-random.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapIntervalOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Resamples. Default 5,000. */
  readonly samples?: number;
  /** Share of the resampled means inside. Default 0.95. */
  readonly confidence?: number;
  /**
   * The stratum of each value, in their order (MMLU's subjects): each is resampled by itself, and the mean is the
   * unweighted one of the strata's means. Default: all in one.
   */
  readonly strata?: readonly string[] | undefined;
}

/**
 * Percentile bootstrap of a mean over queries (Efron 1979): the queries are drawn again with replacement, and the
 * interval cuts the same share off both ends of the resulting means (linear interpolation between ranks, as numpy's
 * `percentile`). Say "95 % of resamples", not "95 % of queries". A single value gives an interval of width 0.
 * @throws AppError `invalid_request` without a value.
 */
export function bootstrapInterval(
  values: readonly number[],
  { seed = 0, samples = 5_000, confidence = 0.95, strata }: BootstrapIntervalOptions = {},
): Interval {
  if (values.length === 0) {
    throw new AppError("invalid_request", "no value to resample");
  }
  const groups = groupValues(values, strata);
  const random = seededRandom(seed);
  const means = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    let total = 0;
    for (const group of groups) {
      const size = group.length;
      let sum = 0;
      for (let i = 0; i < size; i++) {
        sum += group[Math.floor(random() * size)] ?? 0;
      }
      total += sum / size;
    }
    means[sample] = total / groups.length;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  return { low: percentile(means, tail), high: percentile(means, 1 - tail) };
}

function groupValues(values: readonly number[], strata: readonly string[] | undefined): Float64Array[] {
  if (strata === undefined) {
    return [Float64Array.from(values)];
  }
  const groups = Map.groupBy(values.keys(), (index) => strata[index] ?? "");
  return [...groups.values()].map((indices) => Float64Array.from(indices, (index) => values[index] ?? 0));
}

/** Of a sorted list; `share` 0..1. */
function percentile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (position - below) * (high - low);
}
