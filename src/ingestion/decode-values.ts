import { AppError } from "../shared/errors.ts";

/** Base64 of little-endian float32, or plain numbers. */
export type VectorValues = string | readonly number[];

const BYTES_PER_VALUE = 4;

/**
 * Decodes an uploaded vector. Throws `invalid_request` when it is not base64 of whole float32 values or a value is not
 * finite. `where` names the vector in messages: `passages[3].values`.
 */
export function decodeValues(values: VectorValues, where: string): Float32Array {
  const decoded = typeof values === "string" ? fromBase64(values, where) : Float32Array.from(values);
  const bad = decoded.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw invalid(where, `${where}[${bad}] is ${decoded[bad]} as a float32, expected a finite number`);
  }
  return decoded;
}

function fromBase64(text: string, where: string): Float32Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch (error) {
    throw invalid(
      where,
      `${where} is not base64; expected base64 of little-endian float32 or an array of numbers`,
      error,
    );
  }
  if (binary.length % BYTES_PER_VALUE !== 0) {
    throw invalid(
      where,
      `${where} decodes to ${binary.length} bytes, expected a multiple of ${BYTES_PER_VALUE} (float32)`,
    );
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: binary.length / BYTES_PER_VALUE }, (_value, index) =>
    view.getFloat32(index * BYTES_PER_VALUE, true),
  );
}

function invalid(param: string, message: string, cause?: unknown): AppError {
  return new AppError("invalid_request", message, { cause, details: { param } });
}
