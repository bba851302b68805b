import { createHash } from "node:crypto";

/** The next number in [0, 1). */
export type Random = () => number;

/**
 * Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, the same sequence on every machine for the same seed. Good
 * enough to shuffle and to resample, not for secrets. A seed counts modulo 2³².
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A stream that depends on the key alone: `["negatives", seed, queryId]`. Every random choice of training is drawn from a
 * stream of its own with its step or epoch in the key, so a resumed run needs no state of a generator, only its position.
 */
export function keyedRandom(key: readonly (string | number)[]): Random {
  return seededRandom(createHash("sha256").update(JSON.stringify(key)).digest().readUInt32LE());
}

/** A shuffled copy (Fisher and Yates). */
export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const copy = [...values];
  for (let end = copy.length - 1; end > 0; end -= 1) {
    const chosen = Math.floor(random() * (end + 1));
    const [a, b] = [copy[end], copy[chosen]];
    if (a !== undefined && b !== undefined) {
      copy[end] = b;
      copy[chosen] = a;
    }
  }
  return copy;
}
