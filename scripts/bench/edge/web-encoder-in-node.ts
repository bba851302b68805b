import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { externalizeWeights } from "../../../src/encoder/external-weights.ts";
import { parseManifest } from "../../../src/encoder/load-manifest.ts";
import { createOnnxEncoder } from "../../../src/encoder/onnx-encoder.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";

/** The encoder as the isolate runs it (onnxruntime-web, one thread), in Node: what workerd itself costs is the difference. */
export async function loadWebEncoderInNode(directory: string): Promise<Encoder> {
  const manifest = parseManifest(await readFile(path.join(directory, "manifest.json"), "utf8"));
  const wasm = await readFile(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary = new Uint8Array(wasm).buffer;
  const { graph, location, weights } = externalizeWeights(
    new Uint8Array(await readFile(path.join(directory, manifest.model.file))),
  );
  const session = await InferenceSession.create(graph, { externalData: [{ path: location, data: weights }] });
  const { inputs, output } = manifest.model;
  return await createOnnxEncoder({
    manifest,
    tokenizer: createTokenizer(JSON.parse(await readFile(path.join(directory, manifest.tokenizer.file), "utf8"))),
    session: {
      run: async (feeds) => {
        const values = {
          input_ids: feeds.inputIds,
          attention_mask: feeds.attentionMask,
          token_type_ids: feeds.tokenTypeIds,
        };
        const shape = [feeds.batch, feeds.sequence];
        const tensors = Object.fromEntries(inputs.map((name) => [name, new Tensor("int64", values[name], shape)]));
        const states = (await session.run(tensors, [output]))[output]?.data;
        if (!(states instanceof Float32Array)) {
          throw new TypeError(`output ${output} is not float32`);
        }
        return states;
      },
    },
  });
}
