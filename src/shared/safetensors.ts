import { z } from "zod";
import { AppError } from "./errors.ts";

/** The header is JSON; the format's own reader has the same limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of the little-endian header length at the start of a file. */
const LENGTH_BYTES = 8;

const METADATA_KEY = "__metadata__";

/** Data starts at a multiple of this, so that 64-bit elements can be read in place. */
const ALIGNMENT = 8;

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): SafetensorsArray;
}

/** Element types that we write. */
const ELEMENT_TYPES = {
  F32: Float32Array,
  F64: Float64Array,
  F16: Float16Array,
  U8: Uint8Array,
  I8: Int8Array,
  I32: Int32Array,
} as const satisfies Record<string, ArrayType>;

type SafetensorsArray = Float32Array | Float64Array | Float16Array | Uint8Array | Int8Array | Int32Array;

export interface SafetensorsTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: SafetensorsArray;
}

/** What a file holds. Iteration follows the order of writing. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.object({ [METADATA_KEY]: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

/**
 * The pieces of a safetensors file (Hugging Face's format: header length, JSON header, raw little-endian data), without a copy
 * of the data. The same content gives the same bytes.
 * @throws RangeError when a shape does not match its data.
 */
export function* encodeSafetensors({ tensors, metadata }: SafetensorsContent): Generator<Uint8Array> {
  const header: Record<string, unknown> = { [METADATA_KEY]: metadata };
  // Wide elements first: every tensor then starts at a multiple of its element size.
  const ordered = [...tensors].toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let offset = 0;
  for (const [name, { shape, data }] of ordered) {
    if (elementCount(shape) !== data.length) {
      throw new RangeError(
        `tensor "${name}" has ${data.length} elements, its shape [${shape.join(", ")}] another number`,
      );
    }
    const end = offset + data.byteLength;
    header[name] = { dtype: elementType(data), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil((LENGTH_BYTES + json.length) / ALIGNMENT) * ALIGNMENT).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - LENGTH_BYTES), true);
  padded.set(json, LENGTH_BYTES);
  yield padded;
  for (const [, { data }] of ordered) {
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/**
 * Reads a safetensors file; tensors are views into `bytes` where their alignment allows, else copies. Untrusted input: all
 * offsets are checked against the file, and tensors must cover its data without gap or overlap, as the format demands.
 * @throws AppError `invalid_artifact` that begins with `name`.
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): SafetensorsContent {
  const fail = (reason: string, cause?: unknown): never => {
    throw new AppError("invalid_artifact", `${name} is no safetensors file: ${reason}`, { cause });
  };
  if (bytes.length < LENGTH_BYTES) {
    return fail(`${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || LENGTH_BYTES + headerBytes > bytes.length) {
    return fail(`a header of ${headerBytes} bytes in a file of ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes), fail);
  const { [METADATA_KEY]: metadata = {}, ...entries } = header;
  const data = bytes.subarray(LENGTH_BYTES + headerBytes);
  const tensors = new Map<string, SafetensorsTensor>();
  let expected = 0;
  // The catch-all's type includes the metadata's, which was taken out above.
  const ordered = Object.entries(entries as Record<string, z.output<typeof entrySchema>>).toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [
    tensorName,
    {
      dtype,
      shape,
      data_offsets: [start, end],
    },
  ] of ordered) {
    const Type = isKnownType(dtype)
      ? ELEMENT_TYPES[dtype]
      : fail(`tensor "${tensorName}" has unsupported type ${dtype}`);
    if (start !== expected || end > data.length || end - start !== elementCount(shape) * Type.BYTES_PER_ELEMENT) {
      fail(`tensor "${tensorName}" [${shape.join(", ")}] cannot lie at bytes ${start} to ${end} of ${data.length}`);
    }
    tensors.set(tensorName, { shape, data: readElements(data.subarray(start, end), Type) });
    expected = end;
  }
  return expected === data.length ? { tensors, metadata } : fail(`${data.length - expected} bytes belong to no tensor`);
}

function parseHeader(
  bytes: Uint8Array,
  fail: (reason: string, cause?: unknown) => never,
): z.output<typeof headerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    return fail("its header is not JSON", cause);
  }
  const parsed = headerSchema.safeParse(json);
  return parsed.success ? parsed.data : fail(`its header is malformed: ${z.prettifyError(parsed.error)}`);
}

function readElements(bytes: Uint8Array, Type: ArrayType): SafetensorsArray {
  const isAligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0;
  // Not `slice`, which makes a view when the bytes are a Node Buffer.
  const aligned = isAligned ? bytes : new Uint8Array(bytes);
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT);
}

function isKnownType(dtype: string): dtype is keyof typeof ELEMENT_TYPES {
  return Object.hasOwn(ELEMENT_TYPES, dtype);
}

function elementType(data: SafetensorsArray): string {
  const found = Object.entries(ELEMENT_TYPES).find(([, Type]) => data instanceof Type);
  if (found === undefined) {
    throw new RangeError(`no safetensors type for ${data.constructor.name}`);
  }
  return found[0];
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
