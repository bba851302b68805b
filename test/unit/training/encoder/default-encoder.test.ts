import path from "node:path";
import { beforeAll, describe, test } from "vitest";
import type { Encoder } from "../../../../src/encoder/encoder.ts";
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
  let encoders: Readonly<Record<"web" | "node", Encoder>>;
  let together: Readonly<Record<"web" | "node", readonly Float32Array[]>>;
  beforeAll(async () => {
    encoders = {
      web: await loadEncoder(DEFAULT_ENCODER, { runtime: "web" }),
      node: await loadEncoder(DEFAULT_ENCODER),
    };
    together = {
      web: (await encoders.web.encodeQueries(texts)).embeddings,
      node: (await encoders.node.encodeQueries(texts)).embeddings,
    };
  });

  test("embeds in onnxruntime-web to the last bit as when its fixture was made", ({ expect }) => {
    expect(encoders.web.manifest.model.sha256, "run scripts/make-encoder-fixture.ts").toBe(fixture.modelSha256);
    expect(together.web).toEqual(fixture.texts.map(({ web }) => decode(web)));
  });

  test("embeds in onnxruntime-node, on whatever CPU this is, nearly the same", ({ expect }) => {
    expect(
      leastCosine(
        together.node,
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
    const alone: Float32Array[] = [];
    for (const text of texts) {
      alone.push(...(await encoders[runtime].encodeQueries([text])).embeddings);
    }
    expect(leastCosine(together[runtime], alone)).toBeGreaterThan(least - 1e-9);
  });
});
