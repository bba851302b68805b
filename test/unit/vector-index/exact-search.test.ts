import * as fc from "fast-check";
import { describe, it } from "vitest";
import { VECTOR_METRICS } from "../../../src/vector-index/similarity.ts";
import type { VectorImage } from "../../../src/vector-index/vector-image.ts";
import { bruteForce, imageOf, searchImage } from "../../support/exact-search-oracle.ts";
import { KERNELS } from "../../support/kernel-module.ts";
import { seededUnitVectors } from "../../support/seeded-unit-vectors.ts";

/** Ties, zeros, tiny and huge numbers are what breaks bounds: fast-check's floats are rich in them. */
const anyFloat = fc.float({ min: Math.fround(-1e18), max: Math.fround(1e18), noNaN: true });
const tameFloat = fc.float({ min: -1, max: 1, noNaN: true });

function vectorsOf(
  float: fc.Arbitrary<number>,
): fc.Arbitrary<{ vectors: Float32Array[]; query: Float32Array; topK: number }> {
  return fc.integer({ min: 1, max: 9 }).chain((dimensions) => {
    const vector = fc
      .array(float, { minLength: dimensions, maxLength: dimensions })
      .map((values) => Float32Array.from(values));
    return fc.record({
      vectors: fc.array(vector, { minLength: 1, maxLength: 60 }),
      query: vector,
      topK: fc.integer({ min: 1, max: 20 }),
    });
  });
}

/** Whole numbers up to 127 are their own codes: nothing is lost of a row, and close rows differ by less than a query of 7 bits can tell. */
const wholeRows = fc.integer({ min: 2, max: 40 }).chain((dimensions) =>
  fc.record({
    vectors: fc.array(
      fc
        .array(fc.integer({ min: 50, max: 53 }), { minLength: dimensions - 1, maxLength: dimensions - 1 })
        .map((values) => Float32Array.of(127, ...values)),
      { minLength: 20, maxLength: 60 },
    ),
    query: fc
      .array(tameFloat, { minLength: dimensions, maxLength: dimensions })
      .map((values) => Float32Array.from(values)),
    topK: fc.integer({ min: 1, max: 5 }),
  }),
);

/** Made once: they cost more than a search. */
const CLUSTERED = seededUnitVectors({ count: 5000, dimensions: 96, seed: 7, clusters: 20 });
const CLUSTERED_QUERIES = seededUnitVectors({ count: 5, dimensions: 96, seed: 11, clusters: 20 });
const SCATTERED = seededUnitVectors({ count: 9000, dimensions: 24, seed: 3 });

const cases = VECTOR_METRICS.flatMap((metric) => KERNELS.map((kernel) => ({ metric, kernel })));

describe.each(cases)("exactSearch, $metric, $kernel", ({ metric, kernel }) => {
  let clustered: VectorImage | undefined;

  it.for([
    { name: "any float32", float: anyFloat },
    { name: "within -1..1", float: tameFloat },
    { name: "few distinct values, so ties", float: fc.constantFrom(-1, 0, 0.5, 1) },
  ])("equals brute force over float32: $name", ({ float }, { expect }) => {
    fc.assert(
      fc.property(vectorsOf(float), (sample) => {
        const searched = { ...sample, image: imageOf(sample.vectors, metric, kernel) };
        expect(searchImage(searched).found).toEqual(bruteForce(searched));
      }),
      { numRuns: 300 },
    );
  });

  it("equals brute force where only the query loses by quantising", ({ expect }) => {
    fc.assert(
      fc.property(wholeRows, (sample) => {
        const searched = { ...sample, image: imageOf(sample.vectors, metric, kernel) };
        expect(searchImage(searched).found).toEqual(bruteForce(searched));
      }),
      { numRuns: 300 },
    );
  });

  it.for([1, 10, 100])(
    "equals brute force over several blocks of 96 dimensions and reads few vectors, topK %i",
    (topK, { expect }) => {
      clustered ??= imageOf(CLUSTERED, metric, kernel);
      for (const query of CLUSTERED_QUERIES) {
        const searched = { image: clustered, vectors: CLUSTERED, query, topK };
        const { found, reads } = searchImage(searched);
        expect(found).toEqual(bruteForce(searched));
        expect(reads).toBeLessThan(1000);
      }
    },
  );

  it("finds among the selected slots only", ({ expect }) => {
    const vectors = SCATTERED;
    const slots = Uint32Array.from({ length: 700 }, (_, i) => i * 12 + 5);
    const searched = {
      image: imageOf(vectors, metric, kernel),
      vectors,
      query: vectors[6] ?? new Float32Array(24),
      topK: 30,
      slots,
    };
    expect(searchImage(searched).found).toEqual(bruteForce(searched));
  });

  it("answers with fewer than topK when there are fewer, and with none for no slots", ({ expect }) => {
    const vectors = seededUnitVectors({ count: 3, dimensions: 8, seed: 5 });
    const searched = { image: imageOf(vectors, metric, kernel), vectors, query: new Float32Array(8).fill(1), topK: 50 };
    expect(searchImage(searched).found).toHaveLength(3);
    expect(searchImage({ ...searched, slots: new Uint32Array(0) }).found).toEqual([]);
  });
});
