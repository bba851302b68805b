import type { TensorProto } from "../proto.ts";
import { readTensor, tensorDims } from "../tensor.ts";

/** Lists of sizes are short; anything longer is data. */
export const MAX_LIST = 64;

/** The elements of a short constant of integers or booleans; undefined for anything else. */
export function integerElements(tensor: TensorProto): readonly number[] | undefined {
  const dims = tensorDims(tensor);
  if (dims.length > 1 || (dims[0] ?? 1) > MAX_LIST) {
    return undefined;
  }
  const { data, dataType } = readTensor(tensor);
  return dataType === "int64" || dataType === "int32" || dataType === "bool" ? Array.from(data, Number) : undefined;
}
