import { AppError } from "../../src/shared/errors.ts";
import { seededRandom } from "../seeded-random.ts";

export interface PairedPermutationTest {
  readonly n: number;
  /** Mean of a - b. */
  readonly meanDifference: number;
  /** Two-sided; never 0. 1 when all differences are 0. */
  readonly pValue: number;
  /** Whether every assignment of signs was counted, or a sample of them. */
  readonly isExact: boolean;
}

export interface PairedPermutationTestOptions {
  /** Of the sampled signs; the exact test needs none. Default 0. */
  readonly seed?: number;
  /** Assignments of signs sampled when there are too many to count. Default 100,000, fewer (down to 10,000) for many queries. */
  readonly samples?: number;
}

/** With 100,000 samples p is good to 0.001 at 0.05; the work of very many queries is bounded. */
const MAX_SAMPLES = 100_000;
const MIN_SAMPLES = 10_000;
const MAX_SIGNS = 2e8;
/** Up to this many differences that are not 0 all 2^n assignments are counted. */
const MAX_EXACT_DIFFERENCES = 18;
/** Two sums of the same numbers in another order count as equal. */
const RELATIVE_TOLERANCE = 1e-12;

/**
 * Fisher's randomisation test on the scores two systems got for the same queries, in the same order: how often is the
 * mean difference at least as far from 0 when each query's two scores are swapped by the toss of a coin (Smucker, Allan
 * and Carterette, CIKM 2007). Unlike the t-test it assumes no distribution. Exact where few queries differ, else
 * p = (1 + as extreme) / (1 + samples).
 * @throws AppError `invalid_request` for lists of different length or without a score.
 */
export function pairedPermutationTest(
  a: readonly number[],
  b: readonly number[],
  {
    seed = 0,
    samples = Math.max(MIN_SAMPLES, Math.min(MAX_SAMPLES, Math.floor(MAX_SIGNS / a.length))),
  }: PairedPermutationTestOptions = {},
): PairedPermutationTest {
  if (a.length !== b.length || a.length === 0) {
    throw new AppError(
      "invalid_request",
      `a paired test needs two lists of equal length of at least 1, got ${a.length} and ${b.length}`,
    );
  }
  const n = a.length;
  const all = a.map((score, index) => score - (b[index] ?? 0));
  const differences = Float64Array.from(all.filter((difference) => difference !== 0));
  const sum = differences.reduce((total, difference) => total + difference, 0);
  const bound = Math.abs(sum) - RELATIVE_TOLERANCE * differences.reduce((total, d) => total + Math.abs(d), 0);
  const isExact = differences.length <= MAX_EXACT_DIFFERENCES;
  const pValue = isExact
    ? countAllSigns(differences, bound) / 2 ** differences.length
    : (1 + countSampledSigns({ differences, bound, seed, samples })) / (1 + samples);
  return { n, meanDifference: sum / n, pValue, isExact };
}

/** Assignments of signs whose sum is at least `bound` from 0, in the order of the Gray code: one sign changes a step. */
function countAllSigns(differences: Float64Array, bound: number): number {
  const signs = new Int8Array(differences.length).fill(1);
  let sum = differences.reduce((total, difference) => total + difference, 0);
  let count = Math.abs(sum) >= bound ? 1 : 0;
  for (let step = 1; step < 2 ** differences.length; step++) {
    const flipped = 31 - Math.clz32(step & -step); // the position of the lowest bit
    const sign = -(signs[flipped] ?? 0);
    signs[flipped] = sign;
    sum += 2 * sign * (differences[flipped] ?? 0);
    count += Math.abs(sum) >= bound ? 1 : 0;
  }
  return count;
}

interface CountSampledSignsOptions {
  readonly differences: Float64Array;
  readonly bound: number;
  readonly seed: number;
  readonly samples: number;
}

/** Differences whose signs one byte holds: the sum of a block is looked up, not added. */
const BLOCK = 8;
const BYTES_A_NUMBER = 3;

function countSampledSigns({ differences, bound, seed, samples }: CountSampledSignsOptions): number {
  const random = seededRandom(seed);
  const sums = signedBlockSums(differences);
  const blocks = sums.length >> BLOCK;
  let count = 0;
  for (let sample = 0; sample < samples; sample++) {
    let sum = 0;
    let bits = 0;
    for (let block = 0; block < blocks; block++) {
      if (block % BYTES_A_NUMBER === 0) {
        bits = Math.floor(random() * 2 ** (BLOCK * BYTES_A_NUMBER));
      }
      sum += sums[(block << BLOCK) | (bits & 0xff)] ?? 0;
      bits >>= BLOCK;
    }
    count += Math.abs(sum) >= bound ? 1 : 0;
  }
  return count;
}

/** (blocks, 256): the sum of a block's differences under each of its 256 signs. */
function signedBlockSums(differences: Float64Array): Float64Array {
  const blocks = Math.ceil(differences.length / BLOCK);
  const sums = new Float64Array(blocks << BLOCK);
  for (let entry = 0; entry < sums.length; entry++) {
    for (let bit = 0; bit < BLOCK; bit++) {
      const difference = differences[(entry >> BLOCK) * BLOCK + bit] ?? 0;
      sums[entry] = (sums[entry] ?? 0) + (((entry >> bit) & 1) === 1 ? difference : -difference);
    }
  }
  return sums;
}
