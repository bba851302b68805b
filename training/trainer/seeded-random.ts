import { createHash } from "node:crypto";

/** A stream of numbers in [0, 1). */
export type Random = () => number;

/**
 * A stream that depends on the key alone: `["negatives", seed, queryId]`. Every random choice of training is drawn from a
 * stream of its own with its step or epoch in the key, so a resumed run needs no state of a generator, only its position.
 */
export function seededRandom(key: readonly (string | number)[]): Random {
  let state = createHash("sha256").update(JSON.stringify(key)).digest().readUInt32LE();
  // Mulberry32 (Tommy Ettinger): 32 bits of state pass for shuffles and for weights of an adapter.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
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
