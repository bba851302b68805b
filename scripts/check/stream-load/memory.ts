import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerHeap } from "../../local-worker/worker-heap.ts";
import { workerdMemory } from "../../local-worker/workerd-usage.ts";

/** From the median of the first half of the samples to the second half's. */
export const MAX_GROWTH = 0.1;

const INTERVAL_MS = 5_000;

/** In MiB. */
export interface MemorySample {
  /** Of the isolate, after a collection of garbage. */
  readonly heap: number;
  /** Of workerd, which is a child of this process. Linux only; elsewhere 0. */
  readonly resident: number;
}

export interface SampleMemoryOptions {
  readonly seconds: number;
  /** How many streams have ended so far, for who watches. */
  readonly streams: () => number;
}

export async function sampleMemory(
  heap: WorkerHeap,
  { seconds, streams }: SampleMemoryOptions,
): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  const endsAt = performance.now() + seconds * 1000;
  while (performance.now() < endsAt) {
    await sleep(Math.min(INTERVAL_MS, Math.max(0, endsAt - performance.now())));
    const sample = { heap: await heap.measure(), resident: workerdMemory(process.pid) };
    samples.push(sample);
    console.error(
      `${streams()} streams done, heap ${sample.heap.toFixed(1)} MiB, resident ${sample.resident.toFixed(0)} MiB`,
    );
  }
  return samples;
}

export interface Growth {
  readonly first_half: number;
  readonly second_half: number;
  /** 0.1: a tenth more. 0 when there are too few samples to say. */
  readonly growth: number;
}

/** Medians of both halves, and how much the second is more. */
export function growthOf(samples: readonly number[]): Growth {
  const half = Math.floor(samples.length / 2);
  const median = (values: readonly number[]): number =>
    percentile(
      values.toSorted((a, b) => a - b),
      0.5,
    );
  const [first, second] = [median(samples.slice(0, half)), median(samples.slice(-half))];
  const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
  return {
    first_half: rounded(first, 1),
    second_half: rounded(second, 1),
    growth: first > 0 ? rounded(second / first - 1, 3) : 0,
  };
}

/** NaN for none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
