import { keyedRandom, shuffled } from "../seeded-random.ts";

export interface EpochOrderOptions {
  readonly seed: number;
  readonly epoch: number;
  readonly batchSize: number;
  /** Cost of an item: its number of tokens. */
  readonly lengths: ArrayLike<number>;
  /** Batches among which items are sorted by length. 1: not at all. */
  readonly bucketBatches: number;
}

/** Batches of one epoch over `count` items. */
export function batchesOfEpoch(count: number, batchSize: number): number {
  return Math.max(1, Math.floor(count / batchSize));
}

/**
 * The items of each batch of an epoch, by index. All items are shuffled; within windows of `bucketBatches` batches they are
 * sorted by length, so that a batch pads little and still is a chance set; the batches then come in shuffled order. What does
 * not fill a batch at the end waits for another epoch; fewer items than one batch are one batch. A function of its
 * arguments alone.
 */
export function epochOrder({ seed, epoch, batchSize, lengths, bucketBatches }: EpochOrderOptions): number[][] {
  const items = Array.from({ length: lengths.length }, (_, index) => index);
  const order = shuffled(items, keyedRandom(["order", seed, epoch]));
  const window = bucketBatches * batchSize;
  const batches: number[][] = [];
  const count = batchesOfEpoch(order.length, batchSize);
  for (let start = 0; start < order.length; start += window) {
    const part = order.slice(start, start + window);
    const sorted = bucketBatches > 1 ? part.toSorted((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0)) : part;
    for (let first = 0; first < sorted.length && batches.length < count; first += batchSize) {
      batches.push(sorted.slice(first, first + batchSize));
    }
  }
  return shuffled(batches, keyedRandom(["batches", seed, epoch]));
}
