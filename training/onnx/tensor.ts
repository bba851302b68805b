import { AppError } from "../../src/shared/errors.ts";
import { createTensorProto, int64ToNumber } from "./codec.ts";
import { DATA_TYPE, dataTypeName, elementArray } from "./data-type.ts";
import type { DataTypeName, TensorData } from "./data-type.ts";
import type { Int64, TensorProto } from "./proto.ts";

/** A constant of a graph. */
export interface Tensor<Data extends TensorData = TensorData> {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: DataTypeName;
  /** Row-major. A view into the file when the file's bytes are aligned: treat it as read-only. */
  readonly data: Data;
}

/**
 * The elements of a tensor that `readModel` has checked. No copy when they are raw bytes at an address that the typed
 * array can view; one copy otherwise. Throws AppError `invalid_artifact` for strings and unknown element types.
 */
export function readTensor(tensor: TensorProto): Tensor {
  const ArrayType = elementArray(tensor.dataType);
  const dataType = dataTypeName(tensor.dataType);
  if (ArrayType === undefined || dataType === undefined) {
    const got = dataType ?? `type ${tensor.dataType}`;
    throw new AppError("invalid_artifact", `tensor "${tensor.name}" has elements of ${got}, which cannot be read`);
  }
  const dims = tensorDims(tensor);
  const length = elementCount(dims);
  if (tensor.rawData.byteLength === 0) {
    return { name: tensor.name, dims, dataType, data: fromTypedField(tensor, new ArrayType(length)) };
  }
  const { buffer, byteOffset } = aligned(tensor.rawData, ArrayType.BYTES_PER_ELEMENT);
  return { name: tensor.name, dims, dataType, data: new ArrayType(buffer, byteOffset, length) };
}

/** `readTensor` for float32; throws AppError `invalid_artifact` when the elements are of another type. */
export function readFloatTensor(tensor: TensorProto): Tensor<Float32Array> {
  const { name, dims, dataType, data } = readTensor(tensor);
  if (!(data instanceof Float32Array)) {
    throw new AppError("invalid_artifact", `tensor "${name}" is ${dataType}, expected float`);
  }
  return { name, dims, dataType, data };
}

/** A constant for the file; `data` is not copied until the model is written. Throws when sizes do not agree. */
export function createTensor(
  name: string,
  dataType: DataTypeName,
  dims: readonly number[],
  data: TensorData,
): TensorProto {
  const ArrayType = elementArray(DATA_TYPE[dataType]);
  if (ArrayType === undefined || data.BYTES_PER_ELEMENT !== ArrayType.BYTES_PER_ELEMENT) {
    throw new TypeError(`tensor "${name}": ${data.constructor.name} cannot hold ${dataType} elements`);
  }
  if (data.length !== elementCount(dims)) {
    throw new RangeError(`tensor "${name}" of shape [${dims.join(", ")}] got ${data.length} elements`);
  }
  return createTensorProto({
    name,
    dims: [...dims],
    dataType: DATA_TYPE[dataType],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
}

/** A float32 scalar: `scalar("epsilon", 1e-12)`. */
export function createFloatScalar(name: string, value: number): TensorProto {
  return createTensor(name, "float", [], Float32Array.of(value));
}

/** A list of int64: a shape, axes, indices. */
export function createInt64List(name: string, values: readonly number[]): TensorProto {
  return createTensor(name, "int64", [values.length], BigInt64Array.from(values, BigInt));
}

/** The shape as numbers. Throws a RangeError when a dimension is no exact number. */
export function tensorDims(tensor: TensorProto): number[] {
  return tensor.dims.map(int64ToNumber);
}

/** Product of the dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  // Typed arrays only view addresses that are multiples of the element size; protobuf aligns nothing.
  return bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
}

/** onnx.proto: which repeated field holds the elements when there are no raw bytes. */
function fromTypedField(tensor: TensorProto, target: TensorData): TensorData {
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    const source = target instanceof BigInt64Array ? tensor.int64Data : tensor.uint64Data;
    for (const [index, value] of source.entries()) {
      target[index] = int64ToBigInt(value);
    }
    return target;
  }
  target.set(numberField(tensor));
  return target;
}

function numberField(tensor: TensorProto): readonly number[] {
  switch (tensor.dataType) {
    case DATA_TYPE.float: {
      return tensor.floatData;
    }
    case DATA_TYPE.double: {
      return tensor.doubleData;
    }
    case DATA_TYPE.uint32: {
      return tensor.uint64Data.map(int64ToNumber);
    }
    default: {
      return tensor.int32Data;
    }
  }
}

function int64ToBigInt(value: Int64): bigint {
  return BigInt(value.toString());
}
