import path from "node:path";
import { beforeAll, describe, test } from "vitest";
import type { Encoder } from "../../../../src/encoder/encoder.ts";
import { cosine } from "../../../../src/encoder/vector.ts";
import { DEFAULT_ENCODER } from "../../../../training/encoder/default-encoder.ts";
import { loadEdgeEngine } from "../../../../training/encoder/load-edge-engine.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import fixture from "../../../fixtures/encoder/default-encoder.json" with { type: "json" };

/** The same weights as an ONNX graph with activations of two codes (see `aar quantize --engine onnx`). */
const ONNX_ENCODER = path.resolve(import.meta.dirname, "../../../../scripts/bench/edge/onnx-encoder");

/** Of two roundings of one model to each other; each is nearer to fp32. */
const LEAST_COSINE_TO_ONNX = 0.999;

function decode(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

describe("the encoder that is shipped", () => {
  const texts = fixture.texts.map(({ text }) => text);
  const expected = fixture.texts.map(({ embedding }) => decode(embedding));
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = await loadEncoder(DEFAULT_ENCODER);
  });

  test("embeds to the last bit as when its fixture was made, in a batch and alone", async ({ expect }) => {
    expect(encoder.manifest.model.sha256, "run scripts/make-encoder-fixture.ts").toBe(fixture.modelSha256);
    const { embeddings, tokenCount } = await encoder.encodeQueries(texts);
    expect(embeddings).toEqual(expected);
    expect(tokenCount).toBe(fixture.tokenCount);
    for (const [index, text] of texts.entries()) {
      expect((await encoder.encodeQueries([text])).embeddings).toEqual([expected[index]]);
    }
  });

  test.for(["i16", "relaxed"] as const)(
    "embeds with the %s product to the same bits as with the fastest",
    async (product, { expect }) => {
      const { model, maxQueryLength } = encoder.manifest;
      const options = { expected: model, rows: maxQueryLength };
      const modelPath = path.join(DEFAULT_ENCODER, model.file);
      const engine = await loadEdgeEngine(modelPath, { ...options, product });
      const fastest = await loadEdgeEngine(modelPath, options);
      const ids = Array.from({ length: 21 }, (_, index) => 1000 + 97 * index);
      expect(engine.embed([ids], encoder.manifest)).toEqual(fastest.embed([ids], encoder.manifest));
    },
  );

  test("embeds nearly as onnxruntime does with the same weights", async ({ expect }) => {
    const { embeddings } = await (await loadEncoder(ONNX_ENCODER)).encodeQueries(texts);
    const cosines = embeddings.map((embedding, index) => cosine(embedding, expected[index] ?? embedding));
    expect(Math.min(...cosines)).toBeGreaterThan(LEAST_COSINE_TO_ONNX);
  });
});
