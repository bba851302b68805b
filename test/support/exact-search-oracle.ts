import { exactSearch, type FoundSlot } from "../../src/vector-index/exact-search.ts";
import { quantizeRow } from "../../src/vector-index/quantize.ts";
import { norm, similarity, type VectorMetric } from "../../src/vector-index/similarity.ts";
import { VectorImage } from "../../src/vector-index/vector-image.ts";
import { kernelModule, type KernelName } from "./kernel-module.ts";

/** An image over vectors held in memory, slot = position. */
export function imageOf(
  vectors: readonly Float32Array[],
  metric: VectorMetric,
  kernel: KernelName = "kernel-relaxed.wasm",
): VectorImage {
  const dimensions = vectors[0]?.length ?? 1;
  const image = new VectorImage({ dimensions, metric, capacity: vectors.length, module: kernelModule(kernel) });
  for (const [slot, values] of vectors.entries()) {
    image.set(slot, { ...quantizeRow(values), namespace: 0, indexed: [] });
  }
  return image;
}

export interface SearchedImage {
  readonly image: VectorImage;
  readonly vectors: readonly Float32Array[];
  readonly query: Float32Array;
  readonly topK: number;
  /** Default: all. */
  readonly slots?: Uint32Array;
}

/** `exactSearch`, and how many float32 vectors it read. */
export function searchImage({ image, vectors, query, topK, slots = allSlots(vectors) }: SearchedImage): {
  found: FoundSlot[];
  reads: number;
} {
  let reads = 0;
  const readVectors = (chosen: readonly number[]): (readonly [number, Float32Array])[] => {
    reads += chosen.length;
    // Backwards: the search must not rely on an order.
    return chosen.toReversed().map((slot) => [slot, vectors[slot] ?? new Float32Array(0)]);
  };
  image.memory.slots.set(slots);
  return { found: exactSearch(image, { query, topK, count: slots.length, readVectors }), reads };
}

/** The reference: every float32 vector compared, ties to the lower slot. */
export function bruteForce({ image, vectors, query, topK, slots = allSlots(vectors) }: SearchedImage): FoundSlot[] {
  const queryNorm = norm(query);
  return [...slots]
    .map((slot) => {
      const values = vectors[slot] ?? new Float32Array(0);
      return {
        slot,
        similarity: similarity({ metric: image.metric, query, queryNorm, values, valuesNorm: norm(values) }),
      };
    })
    .toSorted((a, b) => b.similarity - a.similarity || a.slot - b.slot)
    .slice(0, topK);
}

function allSlots(vectors: readonly Float32Array[]): Uint32Array {
  return Uint32Array.from(vectors.keys());
}
