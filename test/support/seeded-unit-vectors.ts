export interface SeededUnitVectorsOptions {
  readonly count: number;
  readonly dimensions: number;
  readonly seed: number;
  /** Vectors scatter around so many centres, like passages around topics; 0 = one cloud. Default 0. */
  readonly clusters?: number;
}

/** Unit vectors in nearly normal clouds: same options, same vectors, cheap enough to make 100,000 of them. */
export function seededUnitVectors({ count, dimensions, seed, clusters = 0 }: SeededUnitVectorsOptions): Float32Array[] {
  const random = mulberry32(seed);
  const centres = clouds(clusters, dimensions);
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * clusters)];
    const values = new Float32Array(dimensions);
    let squares = 0;
    for (let i = 0; i < dimensions; i += 1) {
      // The sum of three uniforms stands in for a Gaussian.
      const value = random() + random() + random() - 1.5 + (centre?.[i] ?? 0);
      values[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    return values.map((value) => value / length);
  });
}

function clouds(count: number, dimensions: number): Float64Array[] {
  const random = mulberry32(1);
  return Array.from({ length: count }, () => Float64Array.from({ length: dimensions }, () => random() - 0.5));
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
