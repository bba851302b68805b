import { env } from "cloudflare:workers";
import { test } from "vitest";
import type { OnnxInputs } from "../../../src/encoder/encoder.ts";
import { cosine } from "../../../src/encoder/vector.ts";
import type { AssetReader } from "../../../src/platform/asset-encoder.ts";
import { createAssetEncoder } from "../../../src/platform/asset-encoder.ts";
import { createWebSession, webRuntimeHeapBytes } from "../../../src/platform/onnx-runtime-web.ts";

const names = { inputs: ["input_ids", "attention_mask", "token_type_ids"], output: "output_0" } as const;
const graph = { inputs: [...names.inputs], output: names.output };

/** An encoder that is a graph: see vitest.config.ts, which binds it and is not what the Worker's types are made of. */
const { ONNX_ENCODER: files } = env as unknown as { readonly ONNX_ENCODER: AssetReader };

async function readModel(): Promise<Uint8Array> {
  return new Uint8Array(await (await files.fetch("http://encoder/model_int8.onnx")).arrayBuffer());
}

/** As a folder of the static assets. */
const onnxAssets: AssetReader = { fetch: (url) => files.fetch(url.replace("/onnx/", "/")) };

function inputs(batch: number, sequence: number): OnnxInputs {
  const size = batch * sequence;
  return {
    batch,
    sequence,
    inputIds: BigInt64Array.from({ length: size }, (_, i) => BigInt(2000 + (i % sequence))),
    attentionMask: new BigInt64Array(size).fill(1n),
    tokenTypeIds: new BigInt64Array(size),
  };
}

// First in this file: the heap belongs to the isolate and never shrinks.
test("one session and a pass over 256 tokens leave more than half of an isolate's memory free", async ({ expect }) => {
  expect(webRuntimeHeapBytes()).toBe(0);
  const session = await createWebSession({ model: await readModel(), ...graph });
  await session.run(inputs(1, 256));
  expect(webRuntimeHeapBytes()).toBeGreaterThan(23 * 2 ** 20);
  expect(webRuntimeHeapBytes()).toBeLessThan(52 * 2 ** 20);
});

test("bytes that are no model fail clearly, and a model loads afterwards", async ({ expect }) => {
  await expect(createWebSession({ model: Uint8Array.of(8, 7, 58, 0), ...graph })).rejects.toThrow(
    expect.objectContaining({ code: "encoder_failed" }),
  );
  const session = await createWebSession({ model: await readModel(), ...graph });
  expect((await session.run(inputs(2, 5))).length).toBe(2 * 5 * 384);
});

test("WebAssembly.instantiate is the runtime's own again, however the sessions overlapped", async ({ expect }) => {
  const original = WebAssembly.instantiate;
  const model = await readModel();
  await Promise.allSettled([
    createWebSession({ model, ...graph }),
    createWebSession({ model: Uint8Array.of(1), ...graph }),
    createWebSession({ model, ...graph }),
  ]);
  expect(WebAssembly.instantiate).toBe(original);
});

test("an output that the model does not have is an encoder failure", async ({ expect }) => {
  const session = await createWebSession({ model: await readModel(), ...graph, output: "logits" });
  await expect(session.run(inputs(1, 4))).rejects.toThrow(expect.objectContaining({ code: "encoder_failed" }));
});

test("a Worker without onnxruntime-web says what to do about a graph, and that is what index-with-onnx.ts does", async ({
  expect,
}) => {
  const source = createAssetEncoder(onnxAssets, "onnx");
  await expect(source()).rejects.toThrow('put main = "src/index-with-onnx.ts" into wrangler.toml');
  await import("../../../src/index-with-onnx.ts");
  const encoder = await source();
  const shipped = await createAssetEncoder(env.ASSETS)();
  const query = ["What is the capital of Burkina Faso?"];
  const [byGraph = new Float32Array()] = (await encoder.encodeQueries(query)).embeddings;
  const [byKernel = new Float32Array()] = (await shipped.encodeQueries(query)).embeddings;
  expect(cosine(byGraph, byKernel)).toBeGreaterThan(0.999);
});
