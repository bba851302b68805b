import * as fc from "fast-check";
import { test } from "vitest";
import type { EdgeEngine, EngineOutput } from "../../../../src/encoder/engine/edge-engine.ts";
import { referenceEmbedding } from "../../../support/engine-reference.ts";
import { openEngine } from "../../../support/open-engine.ts";
import type { RandomBertSizes } from "../../../support/random-bert.ts";
import { randomEdgeModel } from "../../../support/random-bert.ts";

/** A head of 12 is filled up to 16; nothing is a power of two. */
const SIZES: RandomBertSizes = { layers: 2, hidden: 24, heads: 2, intermediate: 40, vocabulary: 50, positions: 20 };
const MEAN: EngineOutput = { pooling: "mean", normalize: true };

const text = fc.array(fc.nat(SIZES.vocabulary - 1), { minLength: 1, maxLength: SIZES.positions });
const output = fc.record({
  pooling: fc.constantFrom("mean" as const, "cls" as const, "last_token" as const),
  normalize: fc.boolean(),
});

/** Every way to run: the products are of different instructions, the results the same bits. */
const WAYS = [
  { kernel: "kernel.wasm", product: "fastest", isRelaxed: false },
  { kernel: "kernel.wasm", product: "relaxed", isRelaxed: false },
  { kernel: "kernel-relaxed.wasm", product: "i16", isRelaxed: false },
  { kernel: "kernel-relaxed.wasm", product: "relaxed", isRelaxed: true },
] as const;

test.for(WAYS)(
  "$kernel with the $product product computes what the plain reference does, bit for bit, in batches",
  async ({ kernel, product, isRelaxed }, { expect }) => {
    const file = randomEdgeModel(SIZES);
    const engine = await openEngine(file, { kernel, product });
    expect(engine.isRelaxed).toBe(isRelaxed);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), output, (texts, output) => {
        const expected = texts.map((ids) => referenceEmbedding(file, ids, output));
        expect(engine.embed(texts, output)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  },
);

test("encoders of other sizes are computed as the reference does", async ({ expect }) => {
  const size = fc.record({
    layers: fc.integer({ min: 1, max: 3 }),
    hidden: fc.constantFrom(8, 16, 48),
    heads: fc.constantFrom(1, 2, 4),
    intermediate: fc.constantFrom(8, 24, 64),
    vocabulary: fc.integer({ min: 3, max: 9 }),
    positions: fc.integer({ min: 5, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(size, fc.integer(), async (sizes, seed) => {
      const file = randomEdgeModel(sizes, seed);
      const engine = await openEngine(file);
      const ids = [2, 0, 1, 2, 1];
      expect(engine.embed([ids], MEAN)).toEqual([referenceEmbedding(file, ids, MEAN)]);
    }),
    { numRuns: 25 },
  );
});

async function smallEngine(): Promise<EdgeEngine> {
  return await openEngine(randomEdgeModel(SIZES), { rows: 32 });
}

test("what one call leaves in memory does not reach the next", async ({ expect }) => {
  const engine = await smallEngine();
  const [before] = engine.embed([[1, 2, 3]], MEAN);
  engine.embed([Array.from({ length: 20 }, (_, index) => index), [49, 48, 47]], MEAN);
  expect(engine.embed([[1, 2, 3]], MEAN)).toEqual([before]);
});

test("memory is not grown by calls", async ({ expect }) => {
  const engine = await smallEngine();
  const bytes = engine.memoryBytes;
  for (let call = 0; call < 100; call += 1) {
    engine.embed([Array.from({ length: 1 + (call % 20) }, () => call % 50)], MEAN);
  }
  expect(engine.memoryBytes).toBe(bytes);
});

test.for([
  ["an id beyond the vocabulary", [[1, 50]], "token id 50 is outside of the encoder's vocabulary of 50"],
  ["a negative id", [[-1]], "token id -1 is outside"],
  ["an id that is no integer", [[1.5]], "token id 1.5 is outside"],
  ["a text without tokens", [[]], "a text has 0 tokens"],
  ["a text longer than the positions", [Array.from({ length: 21 }, () => 1)], "a text has 21 tokens"],
  ["more tokens than a pass takes", [1, 2].map(() => Array.from({ length: 20 }, () => 1)), "at most 32 in all"],
] as const)("%s is refused", async ([, texts, message], { expect }) => {
  const engine = await smallEngine();
  expect(() => engine.embed(texts, MEAN)).toThrow(expect.objectContaining({ code: "encoder_failed" }));
  expect(() => engine.embed(texts, MEAN)).toThrow(message);
  expect(engine.embed([[1]], MEAN)[0]).toHaveLength(SIZES.hidden);
});
