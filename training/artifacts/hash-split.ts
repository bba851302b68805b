import { AppError } from "../../src/shared/errors.ts";
import { sha256Hex } from "./meta.ts";

/** 13 hex digits are 52 bits: the most that a double holds exactly below 1. */
const DIGITS = 13;

export interface HashSplitOptions<Name extends string> {
  /** Share of each part, in the order in which the line from 0 to 1 is cut; they sum to 1. */
  readonly shares: Readonly<Record<Name, number>>;
  /** Another seed cuts the same ids another way. Default 0. */
  readonly seed?: number;
}

/**
 * A number in [0, 1) that depends on the id and the seed alone: the first 52 bits of sha256("seed:id"). It stays what it is
 * when a set grows, is filtered or reordered, so a question never changes sides between two runs.
 */
export function hashFraction(id: string, seed = 0): number {
  return Number.parseInt(sha256Hex(`${seed}:${id}`).slice(0, DIGITS), 16) / 16 ** DIGITS;
}

/**
 * The part that an id belongs to, by its hash.
 * @throws AppError `invalid_request` when the shares are no shares.
 * @example hashSplit("q17", { shares: { train: 0.8, dev: 0.1, test: 0.1 } })
 */
export function hashSplit<Name extends string>(id: string, { shares, seed = 0 }: HashSplitOptions<Name>): Name {
  // A record's own keys are its names; Object.entries forgets them.
  const parts = Object.entries(shares) as [Name, number][];
  const sum = parts.reduce((total, [, share]) => total + share, 0);
  const last = parts.at(-1);
  if (last === undefined || parts.some(([, share]) => !(share >= 0)) || Math.abs(sum - 1) > 1e-9) {
    throw new AppError(
      "invalid_request",
      `the shares of a split must be 0 or more and sum to 1, got ${JSON.stringify(shares)}`,
    );
  }
  const fraction = hashFraction(id, seed);
  let end = 0;
  for (const [name, share] of parts) {
    end += share;
    if (fraction < end) {
      return name;
    }
  }
  return last[0]; // the sum of the shares may be a hair below 1
}
