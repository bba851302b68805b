/** Element types of tensors: `TensorProto.DataType`. */
export const DATA_TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export type DataTypeName = keyof typeof DATA_TYPE;

/** Elements of a tensor. Half-precision types are their bits; bool is one byte an element. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

interface ElementArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorData;
  new (length: number): TensorData;
}

const ELEMENT_ARRAYS: Readonly<Record<Exclude<DataTypeName, "string">, ElementArray>> = {
  float: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  double: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bfloat16: Uint16Array,
};

const NAMES = new Map<number, DataTypeName>(
  // Object.entries widens the keys of a const object.
  Object.entries(DATA_TYPE).map(([name, code]) => [code, name as DataTypeName]),
);

/** The name of a type code of the file; undefined for the ones we do not know (4-bit, 8-bit floats, complex). */
export function dataTypeName(code: number): DataTypeName | undefined {
  return NAMES.get(code);
}

/** The typed array that holds elements of a type; undefined for strings and unknown types. */
export function elementArray(code: number): ElementArray | undefined {
  const name = dataTypeName(code);
  return name === undefined || name === "string" ? undefined : ELEMENT_ARRAYS[name];
}
