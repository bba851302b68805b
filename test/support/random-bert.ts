import { readModelHeader } from "../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../src/encoder/engine/model-layout.ts";
import type { BertLayer, BertNorm, BertProduct, BertWeights } from "../../training/quantization/edge/bert-weights.ts";
import { writeEdgeModel } from "../../training/quantization/edge/write-edge-model.ts";
import { seededRandom } from "../../training/seeded-random.ts";

export interface RandomBertSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly positions: number;
}

/** A BERT of random weights, large enough for attention to prefer some tokens and for GELU to bend. */
function randomBert(sizes: RandomBertSizes, seed: number): BertWeights {
  const { layers, hidden, heads, intermediate, vocabulary, positions } = sizes;
  const random = seededRandom(seed);
  const floats = (length: number, spread: number, middle = 0): Float32Array =>
    Float32Array.from({ length }, () => middle + spread * (random() + random() + random() - 1.5));
  const norm = (): BertNorm => ({ gamma: floats(hidden, 0.4, 1), beta: floats(hidden, 0.2) });
  const product = (inputs: number, outputs: number): BertProduct => ({
    input: "unseen",
    inputs,
    outputs,
    weights: floats(inputs * outputs, 2 / Math.sqrt(inputs)),
    bias: floats(outputs, 0.3),
  });
  const layer = (): BertLayer => ({
    query: product(hidden, hidden),
    key: product(hidden, hidden),
    value: product(hidden, hidden),
    attentionOutput: product(hidden, hidden),
    attentionNorm: norm(),
    up: product(hidden, intermediate),
    down: product(intermediate, hidden),
    outputNorm: norm(),
  });
  return {
    hidden,
    heads,
    epsilon: 1e-12,
    words: floats(vocabulary * hidden, 1),
    positions: floats(positions * hidden, 0.3),
    embeddingNorm: norm(),
    layers: Array.from({ length: layers }, layer),
  };
}

/** Its model file, weights rounded to nearest, with a smoothing that calibration could have chosen. */
export function randomEdgeModel(sizes: RandomBertSizes, seed = 1): Uint8Array<ArrayBuffer> {
  const bert = randomBert(sizes, seed);
  const file = new Uint8Array(writeEdgeModel({ bert, statistics: new Map(), onProgress: () => undefined }));
  const random = seededRandom(seed + 1);
  for (const { attention, up, down } of modelLayout(readModelHeader(file)).layers) {
    for (const { smoothing } of [attention, up, down]) {
      new Float32Array(file.buffer, smoothing.offset, smoothing.bytes / 4).forEach((_, k, values) => {
        values[k] = 0.5 + 1.5 * random();
      });
    }
  }
  return file;
}
