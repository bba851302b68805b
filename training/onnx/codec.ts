import protobuf from "protobufjs/light.js";
import type { Int64, ModelProto, NodeProto, TensorProto, AttributeProto, ValueInfoProto } from "./proto.ts";
import { ONNX_SCHEMA } from "./schema.ts";

// Each `as unknown as` below: the schema and the interfaces of proto.ts describe the same messages, but the library's own
// type says only `Message`.
const root = protobuf.Root.fromJSON(ONNX_SCHEMA);
const messageTypes = {
  model: root.lookupType("onnx.ModelProto"),
  node: root.lookupType("onnx.NodeProto"),
  tensor: root.lookupType("onnx.TensorProto"),
  attribute: root.lookupType("onnx.AttributeProto"),
  valueInfo: root.lookupType("onnx.ValueInfoProto"),
};

/**
 * Bytes -> messages, without any check of what they say. Byte fields are views into `bytes`, so a model costs its file
 * once. Unknown fields are kept. Throws the protobuf library's errors on what is no such message.
 */
export function decodeModelProto(bytes: Uint8Array): ModelProto {
  // A Buffer over the same memory: the library's buffer reader slices without copying.
  const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  reader.discardUnknown = false;
  return messageTypes.model.decode(reader) as unknown as ModelProto;
}

/** Messages -> bytes; the weights are copied once. */
export function encodeModelProto(model: ModelProto): Uint8Array {
  return messageTypes.model.encode(model).finish();
}

/** A node with the fields that are given and the schema's defaults for the others. */
export function createNodeProto(fields: Partial<NodeProto>): NodeProto {
  return messageTypes.node.create(fields) as unknown as NodeProto;
}

/** See `createNodeProto`. */
export function createTensorProto(fields: Partial<TensorProto>): TensorProto {
  return messageTypes.tensor.create(fields) as unknown as TensorProto;
}

/** See `createNodeProto`. */
export function createAttributeProto(fields: Partial<AttributeProto>): AttributeProto {
  return messageTypes.attribute.create(fields) as unknown as AttributeProto;
}

/** See `createNodeProto`. */
export function createValueInfoProto(fields: Partial<ValueInfoProto>): ValueInfoProto {
  return messageTypes.valueInfo.create(fields) as unknown as ValueInfoProto;
}

/** See `createNodeProto`. */
export function createModelProto(fields: Record<string, unknown>): ModelProto {
  return messageTypes.model.fromObject(fields) as unknown as ModelProto;
}

/** A 64-bit integer as a number. Throws a RangeError when it is not exact as one. */
export function int64ToNumber(value: Int64): number {
  const number = typeof value === "number" ? value : value.toNumber();
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`64-bit integer ${value.toString()} is too large to be a size or an index`);
  }
  return number;
}
