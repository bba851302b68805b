import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import { readModel } from "../onnx/reader.ts";
import { encodeModel } from "../onnx/writer.ts";
import { LARGEST_CODES } from "./input-scheme.ts";
import type { InputTerms } from "./input-scheme.ts";
import type { StatisticsByValue } from "./input-statistics.ts";
import { quantizeModel } from "./quantize-model.ts";
import { maxPairSum } from "./weight-codes.ts";

const QUANTIZED_MODEL_FILE = "model_int8.onnx";

export interface BuildEncoderOptions {
  readonly modelPath: string;
  /** Of the fp32 encoder, with the name and settings that the int8 one shall have. */
  readonly manifest: EncoderManifest;
  readonly statistics: StatisticsByValue;
  readonly terms: InputTerms;
  /** What the manifest says of the calibration; part of its provenance. */
  readonly calibration: Readonly<Record<string, unknown>>;
  /** Largest model that is accepted: a static asset of a Worker has at most 25 MiB. */
  readonly maxBytes: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** An int8 encoder in memory. */
export interface BuiltEncoder {
  readonly model: Uint8Array;
  readonly manifest: EncoderManifest;
}

/** Quantises a model and writes its manifest. Throws AppError `invalid_artifact` when the result exceeds `maxBytes`. */
export async function buildEncoder({
  modelPath,
  manifest,
  statistics,
  terms,
  calibration,
  maxBytes,
  onProgress,
}: BuildEncoderOptions): Promise<BuiltEncoder> {
  const proto = await readModel(modelPath);
  const { matrixProducts, embeddingTables, schemes } = quantizeModel(proto, {
    output: manifest.model.output,
    statistics,
    terms,
    onProgress,
  });
  const model = encodeModel(proto);
  checkModelBytes(model, maxBytes);
  const smoothed = [...schemes.values()].filter(({ smoothing }) => smoothing !== undefined).length;
  return {
    model,
    manifest: {
      ...manifest,
      model: { ...manifest.model, file: QUANTIZED_MODEL_FILE, bytes: model.byteLength, sha256: sha256Hex(model) },
      dtype: "int8",
      provenance: {
        ...manifest.provenance,
        quantizedFrom: { file: manifest.model.file, sha256: manifest.model.sha256 },
        quantization: {
          weights: `int8, a step for each output column, feedback rounding, pair sums at most ${maxPairSum(LARGEST_CODES[terms])}`,
          activations: `uint8, a step for each token, ${terms === 1 ? "one term of 8 bits" : "two terms of 7 bits"}`,
          embeddings: "int8, a step for each row",
          matrixProducts,
          embeddingTables,
          quantizedValues: schemes.size,
          smoothedValues: smoothed,
        },
        calibration,
      },
    },
  };
}

/** Throws AppError `invalid_artifact` when a model has more bytes than may be. */
export function checkModelBytes(model: Uint8Array, maxBytes: number): void {
  if (model.byteLength > maxBytes) {
    throw new AppError(
      "invalid_artifact",
      `the int8 model has ${model.byteLength} bytes, the limit is ${maxBytes}; take a smaller encoder, or raise --max-mebibytes if it shall not be served as a Worker's static asset`,
    );
  }
}
