import { AppError } from "../../../src/shared/errors.ts";
import { sha256Hex } from "../../artifacts/meta.ts";
import { readModel } from "../../onnx/reader.ts";
import type { BuildEncoderOptions, BuiltEncoder } from "../build-encoder.ts";
import { checkModelBytes } from "../build-encoder.ts";
import { trimToOutput } from "../quantize-model.ts";
import type { BertWeights } from "./bert-weights.ts";
import { readBert } from "./read-bert.ts";
import { writeEdgeModel } from "./write-edge-model.ts";

const EDGE_MODEL_FILE = "model_int8.edge";

/** The weights of an ONNX file that is a BERT encoder. Throws as `readBert` does. */
export async function readBertModel(modelPath: string, output: string): Promise<BertWeights> {
  return readBert(trimToOutput(await readModel(modelPath), output));
}

export interface BuildEdgeEncoderOptions extends Omit<BuildEncoderOptions, "terms" | "modelPath"> {
  readonly bert: BertWeights;
}

/**
 * A model for the edge engine and its manifest. Throws AppError `invalid_artifact` when the result exceeds `maxBytes`, or its
 * sizes are not the engine's.
 */
export function buildEdgeEncoder(options: BuildEdgeEncoderOptions): BuiltEncoder {
  const { bert, manifest, statistics, calibration, maxBytes, onProgress } = options;
  const positions = bert.positions.length / bert.hidden;
  if (Math.max(manifest.maxQueryLength, manifest.maxPassageLength) > positions) {
    throw new AppError(
      "invalid_artifact",
      `texts of ${manifest.maxQueryLength} and ${manifest.maxPassageLength} tokens are longer than the encoder's ${positions} positions; ` +
        "give --max-query-length and --max-passage-length",
    );
  }
  const model = writeEdgeModel({ bert, statistics, onProgress });
  checkModelBytes(model, maxBytes);
  return {
    model,
    manifest: {
      ...manifest,
      model: {
        ...manifest.model,
        engine: "edge",
        file: EDGE_MODEL_FILE,
        bytes: model.byteLength,
        sha256: sha256Hex(model),
      },
      dtype: "int8",
      provenance: {
        ...manifest.provenance,
        quantizedFrom: { file: manifest.model.file, sha256: manifest.model.sha256 },
        quantization: {
          weights: "int8, a step for each output column, feedback rounding",
          activations: "14 bits, a step for each token, smoothed",
          embeddings: "int8, a step for each row",
          layers: bert.layers.length,
        },
        calibration,
      },
    },
  };
}
