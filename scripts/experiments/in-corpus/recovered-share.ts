import { seededRandom } from "../../../training/seeded-random.ts";

export interface RecoveredShare {
  /** Mean gain of ours over mean gain of the reference. */
  readonly share: number;
  /** 95 % of paired bootstrap resamples over questions; meaningless when the reference's gain is near 0. */
  readonly low: number;
  readonly high: number;
}

const SAMPLES = 5_000;

/** How much of a reference's gain another condition has, over the same questions in the same order. Undefined when the reference gains nothing. */
export function recoveredShare(ours: readonly number[], reference: readonly number[]): RecoveredShare | undefined {
  const [own, other] = [mean(ours), mean(reference)];
  if (other <= 0 || ours.length !== reference.length) {
    return undefined;
  }
  const random = seededRandom(0);
  const shares = Array.from({ length: SAMPLES }, () => {
    let [a, b] = [0, 0];
    for (let i = 0; i < ours.length; i += 1) {
      const drawn = Math.floor(random() * ours.length);
      a += ours[drawn] ?? 0;
      b += reference[drawn] ?? 0;
    }
    return a / b;
  }).toSorted((x, y) => x - y);
  const at = (quantile: number): number => shares[Math.round(quantile * (SAMPLES - 1))] ?? Number.NaN;
  return { share: own / other, low: at(0.025), high: at(0.975) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
