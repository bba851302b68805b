import * as fc from "fast-check";
import { test } from "vitest";
import { createEdgeEncoder } from "../../../src/encoder/edge-encoder.ts";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../../src/encoder/manifest.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { referenceEmbedding } from "../../support/engine-reference.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { openEngine } from "../../support/open-engine.ts";
import { randomEdgeModel } from "../../support/random-bert.ts";
import { tinyTokenizerJson } from "../../support/tiny-tokenizer.ts";

const SIZES = { layers: 2, hidden: 16, heads: 2, intermediate: 24, vocabulary: 40, positions: 24 };
const FILE = randomEdgeModel(SIZES);
const tokenizer = createTokenizer(tinyTokenizerJson());
const MANIFEST: EncoderManifest = {
  ...fakeEncoder().manifest,
  dims: 16,
  pooling: "mean",
  normalize: true,
  queryPrefix: "",
  maxQueryLength: 16,
  maxPassageLength: 24,
};

async function openEncoder(settings: Partial<EncoderManifest> = {}): Promise<Encoder> {
  const engine = await openEngine(FILE, { rows: 48 });
  return await createEdgeEncoder({ manifest: { ...MANIFEST, ...settings }, tokenizer, engine });
}

test("any texts are embedded as the plain reference embeds their tokens, in the order of the call", async ({
  expect,
}) => {
  const encoder = await openEncoder();
  const texts = fc.array(
    fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom("the", "cat", "cats", "."), { maxLength: 40 }).map((words) => words.join(" ")),
    ),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(texts, async (queries) => {
      const { embeddings, tokenCount } = await encoder.encodeQueries(queries);
      const ids = queries.map((query) => tokenizer.encode(query, 16));
      expect(embeddings).toEqual(ids.map((own) => referenceEmbedding(FILE, own, MANIFEST)));
      expect(tokenCount).toBe(ids.flat().length);
    }),
    { numRuns: 50 },
  );
});

test("the empty query is its special tokens, and a query of 10,000 words its first", async ({ expect }) => {
  const encoder = await openEncoder();
  const word = "cat ";
  const { embeddings } = await encoder.encodeQueries(["", word.repeat(10_000), word.repeat(14), word.repeat(13)]);
  const [empty, long, cut, shorter] = embeddings;
  expect(empty).toEqual(referenceEmbedding(FILE, tokenizer.encode("", 16), MANIFEST));
  expect(long).toEqual(cut);
  expect(long).not.toEqual(shorter);
});

test.for(["mean", "cls", "last_token"] as const)(
  "pooling %s and no normalisation are the manifest's",
  async (pooling, { expect }) => {
    const encoder = await openEncoder({ pooling, normalize: false });
    const { embeddings } = await encoder.encodePassages([{ title: "the", text: "cat sat" }]);
    const ids = tokenizer.encode("the cat sat", 24);
    expect(embeddings).toEqual([referenceEmbedding(FILE, ids, { pooling, normalize: false })]);
  },
);

test.for([
  [{ dims: 8 }, "8 dims"],
  [{ maxPassageLength: 25 }, "takes 24 tokens"],
  [{ maxQueryLength: 512 }, "takes 24 tokens"],
] as const)("a manifest of %j is refused: the model cannot", async ([settings, message], { expect }) => {
  await expect(openEncoder(settings)).rejects.toThrow(expect.objectContaining({ code: "invalid_artifact" }));
  await expect(openEncoder(settings)).rejects.toThrow(message);
});
