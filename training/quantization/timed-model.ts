import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { passTokens } from "../../src/encoder/edge-encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { loadEdgeEngine } from "../encoder/load-edge-engine.ts";

/** A model that can be run on one text of so many tokens, on one thread. */
export interface TimedModel {
  run(tokens: number): Promise<void>;
  release(): Promise<void>;
}

/** Opens the model of an encoder folder with the engine that its manifest names. */
export async function openTimedModel(modelPath: string, manifest: EncoderManifest): Promise<TimedModel> {
  return manifest.model.engine === "edge" ? await openEdgeModel(modelPath, manifest) : await openGraph(modelPath);
}

/** In every vocabulary; which ids they are does not change the work. */
const ID = 1;

async function openEdgeModel(modelPath: string, manifest: EncoderManifest): Promise<TimedModel> {
  const expected = { ...manifest.model, file: path.basename(modelPath) };
  const engine = await loadEdgeEngine(modelPath, { expected, rows: passTokens(manifest) });
  return {
    run(tokens) {
      engine.embed([Array.from({ length: tokens }, () => ID)], manifest);
      return Promise.resolve();
    },
    release: () => Promise.resolve(),
  };
}

async function openGraph(modelPath: string): Promise<TimedModel> {
  const session = await InferenceSession.create(modelPath, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return {
    async run(tokens) {
      const feeds = session.inputNames.map((name): [string, Tensor] => {
        const ids = new BigInt64Array(tokens).fill(name === "token_type_ids" ? 0n : BigInt(ID));
        return [name, new Tensor("int64", ids, [1, tokens])];
      });
      await session.run(Object.fromEntries(feeds));
    },
    release: () => session.release(),
  };
}
