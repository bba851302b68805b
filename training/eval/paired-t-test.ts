import { AppError } from "../../src/shared/errors.ts";

export interface PairedTTest {
  readonly n: number;
  /** Mean of a - b. */
  readonly meanDifference: number;
  /** Infinite when all differences are the same and not 0; 0 when all are 0. */
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** Two-sided. 1 when all differences are 0, 0 when they are all the same and not 0. */
  readonly pValue: number;
}

/**
 * Student's paired t-test (two-sided) on the scores two systems got for the same queries, in the same order:
 * t = mean(d) / (sd(d) / √n) with n - 1 degrees of freedom, p from the regularised incomplete beta function.
 * @throws AppError `invalid_request` for lists of different length or of fewer than two scores.
 */
export function pairedTTest(a: readonly number[], b: readonly number[]): PairedTTest {
  if (a.length !== b.length || a.length < 2) {
    throw new AppError(
      "invalid_request",
      `a paired test needs two lists of equal length of at least 2, got ${a.length} and ${b.length}`,
    );
  }
  const n = a.length;
  const differences = a.map((score, index) => score - (b[index] ?? 0));
  const meanDifference = differences.reduce((sum, difference) => sum + difference, 0) / n;
  const squares = differences.reduce((sum, difference) => sum + (difference - meanDifference) ** 2, 0);
  const standardError = Math.sqrt(squares / (n - 1) / n);
  const degreesOfFreedom = n - 1;
  const t = meanDifference === 0 ? 0 : meanDifference / standardError;
  return { n, meanDifference, t, degreesOfFreedom, pValue: twoSidedP(t, degreesOfFreedom) };
}

/** P(|T| ≥ |t|) = I_{df / (df + t²)}(df / 2, 1 / 2). */
function twoSidedP(t: number, degreesOfFreedom: number): number {
  return Number.isFinite(t)
    ? incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
    : 0;
}

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) {
    return x <= 0 ? 0 : 1;
  }
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast only on this side of the mean; the other side follows from I_x(a,b) = 1 - I_{1-x}(b,a).
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

const MAX_TERMS = 500;
const PRECISION = 1e-15;
/** Keeps the modified Lentz algorithm from dividing by 0. */
const TINY = 1e-300;

function betaFraction(x: number, a: number, b: number): number {
  const awayFromZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let numerator = 1;
  let denominator = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = denominator;
  for (let m = 1; m <= MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let step = 1;
    for (const coefficient of [even, odd]) {
      denominator = 1 / awayFromZero(1 + coefficient * denominator);
      numerator = awayFromZero(1 + coefficient / numerator);
      step = denominator * numerator;
      value *= step;
    }
    if (Math.abs(step - 1) < PRECISION) {
      break;
    }
  }
  return value;
}

/** Lanczos' coefficients for g = 7, n = 9. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x ≥ 0.5. */
function logGamma(x: number): number {
  const shifted = x - 1;
  const base = shifted + 7.5;
  let sum: number = LANCZOS[0];
  for (const [index, coefficient] of LANCZOS.entries()) {
    sum += index === 0 ? 0 : coefficient / (shifted + index);
  }
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}
