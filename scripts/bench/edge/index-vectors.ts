import { seededUnitVectors } from "../../../test/support/seeded-unit-vectors.ts";

/** The index benchmark's vectors, the same in the Worker and outside. */
export const DIMENSIONS = 384;

/** Vectors of one upsert. */
export const FILL_BATCH = 1000;

/** Topics that the vectors scatter around. */
const CLUSTERS = 200;

/** The batch that begins with vector number `first`. */
export function seededVectors(first: number): Float32Array[] {
  return seededUnitVectors({ count: FILL_BATCH, dimensions: DIMENSIONS, seed: first, clusters: CLUSTERS });
}

export function seededQueries(count: number, seed: number): Float32Array[] {
  return seededUnitVectors({ count, dimensions: DIMENSIONS, seed, clusters: CLUSTERS });
}

/** The first `rows` vectors, one after the other. */
export function joinedVectors(rows: number): Float32Array {
  const joined = new Float32Array(rows * DIMENSIONS);
  for (let first = 0; first < rows; first += FILL_BATCH) {
    for (const [i, values] of seededVectors(first).entries()) {
      joined.set(values, (first + i) * DIMENSIONS);
    }
  }
  return joined;
}
