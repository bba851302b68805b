import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { decodeModelProto } from "./codec.ts";
import { loadExternalData } from "./external-data.ts";
import { MAX_MODEL_BYTES } from "./limits.ts";
import type { ModelProto } from "./proto.ts";
import { validateModel } from "./validate.ts";

/**
 * Reads a model, with the tensors it keeps in other files of its folder (see `loadExternalData`). Weights are views into
 * the file's one buffer. Throws AppError `invalid_artifact` for a missing, truncated, oversized or inconsistent file.
 */
export async function readModel(file: string): Promise<ModelProto> {
  try {
    const { size } = await stat(file);
    if (size > MAX_MODEL_BYTES) {
      fail(`${size} bytes; a protobuf message has at most ${MAX_MODEL_BYTES}`);
    }
    const model = decodeBytes(await readFile(file));
    await loadExternalData(model, path.dirname(file));
    validateModel(model);
    return model;
  } catch (error) {
    if (error instanceof AppError) {
      throw new AppError("invalid_artifact", `${file}: ${error.message}`, { cause: error });
    }
    throw new AppError("invalid_artifact", `${file} cannot be read: ${String(error)}`, { cause: error });
  }
}

/** Reads a model from memory; tensors are views into `bytes`, and tensors in other files are refused. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const model = decodeBytes(bytes);
  validateModel(model);
  return model;
}

function decodeBytes(bytes: Uint8Array): ModelProto {
  try {
    return decodeModelProto(bytes);
  } catch (error) {
    throw new AppError("invalid_artifact", `ONNX model: ${bytes.byteLength} bytes are truncated or no ONNX model`, {
      cause: error,
    });
  }
}

function fail(message: string): never {
  throw new AppError("invalid_artifact", message);
}
