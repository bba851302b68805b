import path from "node:path";
import { describe, test } from "vitest";
import { cosine } from "../../../../src/encoder/vector.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import fixture from "../../../fixtures/encoder/default-encoder.json" with { type: "json" };

const DEFAULT_ENCODER = path.resolve(import.meta.dirname, "../../../../src/assets/encoder");

function decode(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

function leastCosine(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  return Math.min(...actual.map((embedding, i) => cosine(embedding, expected[i] ?? new Float32Array())));
}

describe("the encoder that is shipped", () => {
  const texts = fixture.texts.map(({ text }) => text);

  test("embeds in onnxruntime-web to the last bit as when its fixture was made", async ({ expect }) => {
    const encoder = await loadEncoder(DEFAULT_ENCODER, { runtime: "web" });
    expect(encoder.manifest.model.sha256, "run scripts/make-encoder-fixture.ts").toBe(fixture.modelSha256);
    expect((await encoder.encodeQueries(texts)).embeddings).toEqual(fixture.texts.map(({ web }) => decode(web)));
  });

  test("embeds in onnxruntime-node, on whatever CPU this is, nearly the same", async ({ expect }) => {
    const { embeddings } = await (await loadEncoder(DEFAULT_ENCODER)).encodeQueries(texts);
    expect(
      leastCosine(
        embeddings,
        fixture.texts.map(({ web }) => decode(web)),
      ),
    ).toBeGreaterThan(0.998);
  });

  // Least cosine between alone and in a batch. Exact in WebAssembly everywhere; in onnxruntime-node exact on the x86 machines
  // seen, but its kernels are others on every CPU. Per-tensor quantisation, which this test is to rule out, gives 0.989.
  test.for([
    { runtime: "web", least: 1 },
    { runtime: "node", least: 0.995 },
  ] as const)("embeds a text alone as in a batch: $runtime", async ({ runtime, least }, { expect }) => {
    const encoder = await loadEncoder(DEFAULT_ENCODER, { runtime });
    const { embeddings } = await encoder.encodeQueries(texts);
    const alone: Float32Array[] = [];
    for (const text of texts) {
      alone.push(...(await encoder.encodeQueries([text])).embeddings);
    }
    expect(leastCosine(embeddings, alone)).toBeGreaterThan(least - 1e-9);
  });
});
