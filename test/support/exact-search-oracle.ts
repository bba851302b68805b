import { scalarKernel } from "../../src/vector-index/dot-kernel.ts";
import { exactSearch, type FoundSlot } from "../../src/vector-index/exact-search.ts";
import { quantizeRow } from "../../src/vector-index/quantize.ts";
import { norm, similarity, type VectorMetric } from "../../src/vector-index/similarity.ts";
import { VectorImage } from "../../src/vector-index/vector-image.ts";

/** An image over vectors held in memory, slot = position. */
export function imageOf(vectors: readonly Float32Array[], metric: VectorMetric): VectorImage {
  const dimensions = vectors[0]?.length ?? 1;
  const image = new VectorImage({ dimensions, metric, capacity: vectors.length, kernel: scalarKernel });
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
  readonly slots?: Uint32Array;
}

/** `exactSearch`, and how many float32 vectors it read. */
export function searchImage({ image, vectors, query, topK, slots = image.select(undefined, []) }: SearchedImage): {
  found: FoundSlot[];
  reads: number;
} {
  let reads = 0;
  const readVectors = (chosen: readonly number[]): (readonly [number, Float32Array])[] => {
    reads += chosen.length;
    // Backwards: the search must not rely on an order.
    return chosen.toReversed().map((slot) => [slot, vectors[slot] ?? new Float32Array(0)]);
  };
  return { found: exactSearch(image, { query, topK, slots, readVectors }), reads };
}

/** The reference: every float32 vector compared, ties to the lower slot. */
export function bruteForce({
  image,
  vectors,
  query,
  topK,
  slots = image.select(undefined, []),
}: SearchedImage): FoundSlot[] {
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
