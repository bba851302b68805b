import type { TensorProto } from "./proto.ts";
import { elementCount, readTensor, tensorDims } from "./tensor.ts";

/** The one element of a constant of numbers; undefined when it has several, or is none. */
export function scalarValue(tensor: TensorProto | undefined): number | undefined {
  if (tensor === undefined || elementCount(tensorDims(tensor)) !== 1) {
    return undefined;
  }
  const { data, dataType } = readTensor(tensor);
  // Half precision is kept as bits, which are no number.
  return dataType === "float16" || dataType === "bfloat16" ? undefined : Number(data[0]);
}
