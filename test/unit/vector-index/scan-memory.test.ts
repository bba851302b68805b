import * as fc from "fast-check";
import { describe, it } from "vitest";
import { scanCodes } from "../../../src/vector-index/exact-search.ts";
import { ScanMemory, type Candidate } from "../../../src/vector-index/scan-memory.ts";
import { VECTOR_METRICS, type VectorMetric } from "../../../src/vector-index/similarity.ts";
import { imageOf } from "../../support/exact-search-oracle.ts";
import { kernelModule, KERNELS, type KernelName } from "../../support/kernel-module.ts";
import { plainBounds, plainScan } from "../../support/plain-scan.ts";
import { seededUnitVectors } from "../../support/seeded-unit-vectors.ts";

interface Scanned {
  readonly vectors: readonly Float32Array[];
  readonly query: Float32Array;
  readonly topK: number;
  readonly slots: Uint32Array;
}

const float = fc.oneof(
  fc.float({ min: Math.fround(-1e18), max: Math.fround(1e18), noNaN: true }),
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(-1, 0, 0.5, 1),
);

/** More rows than the four that the kernel takes at once, and dimensions on both sides of the 32 codes of a load. */
const scanned: fc.Arbitrary<Scanned> = fc.integer({ min: 1, max: 70 }).chain((dimensions) => {
  const vector = fc
    .array(float, { minLength: dimensions, maxLength: dimensions })
    .map((values) => Float32Array.from(values));
  return fc
    .record({
      vectors: fc.array(vector, { minLength: 1, maxLength: 25 }),
      query: vector,
      topK: fc.integer({ min: 1, max: 12 }),
      isChosen: fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }),
    })
    .map(({ isChosen, ...scan }) => ({
      ...scan,
      slots: Uint32Array.from(scan.vectors.keys()).filter((slot) => isChosen[slot] ?? true),
    }));
});

function scanImage(scan: Scanned, metric: VectorMetric, kernel: KernelName): Candidate[] {
  const image = imageOf(scan.vectors, metric, kernel);
  image.memory.slots.set(scan.slots);
  return scanCodes(image, { ...scan, count: scan.slots.length });
}

function bySlot(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((a, b) => a.slot - b.slot);
}

describe.each(VECTOR_METRICS)("the scan in WebAssembly, %s", (metric) => {
  it("leaves over what the plain scan does, to the bit of every bound", ({ expect }) => {
    fc.assert(
      fc.property(scanned, (scan) => {
        const found = scanImage(scan, metric, "kernel.wasm");
        expect(bySlot(found)).toEqual(bySlot(plainScan({ ...scan, metric })));
        expect(found.map(({ upper }) => upper)).toEqual(found.map(({ upper }) => upper).toSorted((a, b) => b - a));
      }),
      { numRuns: 300 },
    );
  });

  it("with relaxed SIMD loses nobody whose lower bound is among the best, and has the same bounds", ({ expect }) => {
    fc.assert(
      fc.property(scanned, (scan) => {
        const found = scanImage(scan, metric, "kernel-relaxed.wasm");
        const bounds = plainBounds({ ...scan, metric });
        const uppers = new Map(bounds.map(({ slot, upper }) => [slot, upper]));
        expect(found.map(({ slot }) => uppers.get(slot))).toEqual(found.map(({ upper }) => upper));
        const slots = new Set(found.map(({ slot }) => slot));
        const best = bounds.toSorted((a, b) => b.lower - a.lower).slice(0, scan.topK);
        // Ties of a lower bound may stand in for each other.
        const missing = best.filter(({ slot, lower }) => !slots.has(slot) && lower > (best.at(-1)?.lower ?? 0));
        expect(missing).toEqual([]);
        expect(found.length).toBeGreaterThanOrEqual(best.length);
      }),
      { numRuns: 300 },
    );
  });

  it.for(KERNELS)("%s: agrees over many batches, when memory has grown", (kernel, { expect }) => {
    const vectors = seededUnitVectors({ count: 9000, dimensions: 40, seed: 7, clusters: 20 });
    const [query = new Float32Array(40)] = seededUnitVectors({ count: 1, dimensions: 40, seed: 11, clusters: 20 });
    const scan = { vectors, query, topK: 10, slots: Uint32Array.from(vectors.keys()) };
    const found = scanImage(scan, metric, kernel);
    const plain = plainScan({ ...scan, metric });
    const best = (candidates: readonly Candidate[]): Candidate[] => candidates.slice(0, 10);
    expect(best(found)).toEqual(best(plain));
    expect(found.length).toBeLessThanOrEqual(plain.length);
  });
});

it.for([1, 384, 516, 517, 1536])("does not overflow at the extremes of %i dimensions", (dimensions, { expect }) => {
  const extreme = new Float32Array(dimensions).fill(-1);
  const scan = { vectors: [extreme, extreme.map(() => 1)], query: extreme, topK: 1, slots: Uint32Array.of(0, 1) };
  for (const kernel of KERNELS) {
    const found = scanImage(scan, "dot-product", kernel);
    expect(found).toEqual(plainScan({ ...scan, metric: "dot-product" }));
    expect(found[0]?.upper).toBeCloseTo(dimensions, 1);
  }
});

it("holds every code once", ({ expect }) => {
  const [dimensions, capacity] = [384, 20_000];
  const memory = new ScanMemory({ module: kernelModule("kernel-relaxed.wasm"), dimensions, capacity });
  const codes = new Int8Array(dimensions).fill(1);
  for (let slot = 0; slot < capacity; slot += 1) {
    memory.writeRow(slot, { codes, factor: 1, offset: 0, rowBound: 0, queryBound: 0 });
  }
  expect(memory.bytes).toBeLessThan(capacity * (dimensions + 48) + 2 * 65_536 + 4096);
});

it("refuses a topK that it has no room for", ({ expect }) => {
  const image = imageOf([Float32Array.of(1)], "cosine");
  expect(() => scanCodes(image, { query: Float32Array.of(1), topK: 101, count: 1 })).toThrow(RangeError);
});
