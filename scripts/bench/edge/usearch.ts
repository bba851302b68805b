import { loadBenchPeer } from "./bench-peer.ts";

export type Numbers = Float32Array | Int8Array;

/** The part of `usearch` that is used. */
export interface Usearch {
  exactSearch(
    ...args: [dataset: Numbers, queries: Numbers, dimensions: number, count: number, metric: "cos", threads: number]
  ): { keys: BigUint64Array };
}

export function loadUsearch(): Usearch {
  // A wrong shape shows in the first call; the version is fixed.
  return loadBenchPeer("usearch", "2.26.2") as Usearch;
}

/** Unit vectors in int8 with one scale for all: what usearch's int8 holds. */
export function toInt8(values: Float32Array): Int8Array {
  return Int8Array.from(values, (value) => Math.max(-127, Math.min(127, Math.round(value * 127 * 4))));
}
