import { keyedRandom, shuffled } from "../seeded-random.ts";

export interface RotatingWindowOptions {
  /** Decides the order of the values; one for each list. */
  readonly key: readonly (string | number)[];
  /** From 0. */
  readonly epoch: number;
  /** Values of a window. */
  readonly size: number;
}

/**
 * The part of a list that one epoch uses, as AAR's code rotates its negatives (`DRTrainDataset`): the list is shuffled once,
 * the same way in every epoch, doubled, and cut at [(size · epoch) mod n, + size). So n / size epochs see every value, and none
 * comes twice within a window. A list no longer than the window is used whole.
 */
export function rotatingWindow<Value>(
  values: readonly Value[],
  { key, epoch, size }: RotatingWindowOptions,
): readonly Value[] {
  if (values.length <= size) {
    return values;
  }
  const order = shuffled(values, keyedRandom(key));
  const start = (size * epoch) % order.length;
  return [...order, ...order].slice(start, start + size);
}
