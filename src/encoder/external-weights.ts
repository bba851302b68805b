import { Reader, Writer } from "protobufjs/minimal.js";

/** A graph whose large weights stand outside of it, as ONNX external data. */
export interface ExternalWeights {
  /** The ONNX model without those weights. */
  readonly graph: Uint8Array;
  /** Where the graph says its weights are; to be mounted under this name. */
  readonly location: string;
  /** What must be mounted there: the model as it was. The offsets in `graph` point into it; nothing is copied. */
  readonly weights: Uint8Array;
}

const LOCATION = "weights";

/** Smaller tensors stay inside: the runtime folds constants (shapes, axes) before it reads external data. */
const MIN_EXTERNAL_BYTES = 1024;

/** Field numbers of onnx.proto3. */
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_RAW_DATA = 9;
const TENSOR_EXTERNAL_DATA = 13;
const TENSOR_DATA_LOCATION = 14;
const DATA_LOCATION_EXTERNAL = 1;

const LENGTH_DELIMITED = 2;

/**
 * Lets onnxruntime-web read a model's weights straight out of the file's bytes. Given a whole model it keeps three
 * copies of every weight while it loads (the file, the parsed protobuf, the tensor), in a heap that never shrinks; an
 * isolate has 128 MB. This rewrites the file's initializers to external data that points into the file itself.
 */
export function externalizeWeights(model: Uint8Array): ExternalWeights {
  const graph = mapField(model, { field: MODEL_GRAPH, offset: 0 }, (graphBytes, graphOffset) =>
    mapField(graphBytes, { field: GRAPH_INITIALIZER, offset: graphOffset }, externalizeTensor),
  );
  return { graph, location: LOCATION, weights: model };
}

/** Copies a protobuf message, passing every occurrence of one length-delimited field through `map`. */
function mapField(
  message: Uint8Array,
  { field, offset }: { readonly field: number; readonly offset: number },
  map: (value: Uint8Array, valueOffset: number) => Uint8Array,
): Uint8Array {
  const reader = Reader.create(message);
  const parts: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag === tagOf(field, LENGTH_DELIMITED)) {
      const length = reader.uint32();
      const valueStart = reader.pos;
      reader.skip(length);
      const value = map(message.subarray(valueStart, valueStart + length), offset + valueStart);
      parts.push(Writer.create().uint32(tag).bytes(value).finish());
    } else {
      reader.skipType(tag & 7);
      parts.push(message.subarray(start, reader.pos));
    }
  }
  return concatenate(parts);
}

/** A TensorProto whose raw data, when large, is replaced by where it lies: `offset` is the tensor's own in the file. */
function externalizeTensor(tensor: Uint8Array, offset: number): Uint8Array {
  const reader = Reader.create(tensor);
  const parts: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag === tagOf(TENSOR_RAW_DATA, LENGTH_DELIMITED)) {
      const length = reader.uint32();
      const dataOffset = offset + reader.pos;
      reader.skip(length);
      parts.push(length < MIN_EXTERNAL_BYTES ? tensor.subarray(start, reader.pos) : externalData(dataOffset, length));
    } else {
      reader.skipType(tag & 7);
      parts.push(tensor.subarray(start, reader.pos));
    }
  }
  return concatenate(parts);
}

/** The fields `external_data` (key-value entries) and `data_location` of a TensorProto. */
function externalData(offset: number, length: number): Uint8Array {
  const writer = Writer.create();
  const entries = { location: LOCATION, offset: String(offset), length: String(length) };
  for (const [key, value] of Object.entries(entries)) {
    writer.uint32(tagOf(TENSOR_EXTERNAL_DATA, LENGTH_DELIMITED)).fork();
    writer.uint32(tagOf(1, LENGTH_DELIMITED)).string(key).uint32(tagOf(2, LENGTH_DELIMITED)).string(value).ldelim();
  }
  return writer.uint32(tagOf(TENSOR_DATA_LOCATION, 0)).int32(DATA_LOCATION_EXTERNAL).finish();
}

function tagOf(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.byteLength;
  }
  return whole;
}
