export interface GaussianVectorsOptions {
  readonly count: number;
  readonly dimensions: number;
  readonly seed: number;
  /** Vectors scatter around so many centres, like passages around topics; 0 = one cloud. */
  readonly clusters?: number;
}

/** Seeded unit vectors: same options, same vectors. */
export function gaussianVectors({ count, dimensions, seed, clusters = 0 }: GaussianVectorsOptions): Float32Array[] {
  const random = mulberry32(seed);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centreRandom = mulberry32(1);
  const centres = Array.from({ length: clusters }, () => Float32Array.from({ length: dimensions }, () => centreRandom() - 0.5));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * clusters)];
    const values = Float32Array.from({ length: dimensions }, (_, i) => gaussian() * 0.3 + (centre?.[i] ?? 0));
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  });
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
