import { encodeModelProto } from "./codec.ts";
import { MAX_MODEL_BYTES } from "./limits.ts";
import type { ModelProto } from "./proto.ts";
import { validateModel } from "./validate.ts";

/** A model as the bytes of an ONNX file. Throws AppError `invalid_artifact` when it is inconsistent. */
export function encodeModel(model: ModelProto): Uint8Array {
  validateModel(model);
  const bytes = encodeModelProto(model);
  if (bytes.byteLength > MAX_MODEL_BYTES) {
    throw new RangeError(`the model has ${bytes.byteLength} bytes; an ONNX file has at most ${MAX_MODEL_BYTES}`);
  }
  return bytes;
}
