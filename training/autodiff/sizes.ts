import { tensorAttribute } from "../onnx/attributes.ts";
import type { Dim } from "../onnx/shapes/value-type.ts";
import { staticDims } from "../onnx/shapes/value-type.ts";
import { createTensor } from "../onnx/tensor.ts";
import type { RuleContext } from "./rule.ts";

type Sized = Pick<RuleContext, "build" | "types">;

/** The shape of a value as a list of int64: a constant when all of it is known. */
export function shapeOf({ build, types }: Sized, value: string): string {
  const dims = staticDims(types.of(value).dims);
  return dims === undefined ? build.shape(value) : build.int64s(dims);
}

/** The number of elements of a value, as a scalar of int64. */
export function sizeOf({ build, types }: Sized, value: string): string {
  const dims = staticDims(types.of(value).dims);
  return dims === undefined ? build.op("Size", [value]) : build.int64(dims.reduce((all, dim) => all * dim, 1));
}

/** The size of one axis, as a list of one int64. */
export function axisSize({ build, types }: Sized, value: string, axis: number): string {
  const size = types.of(value).dims?.at(axis);
  return typeof size === "number" ? build.int64s([size]) : build.gather(build.shape(value), build.int64s([axis]));
}

/** Zeros in the shape of a value. */
export function zerosLike(sized: Sized, value: string): string {
  return zeros(sized, shapeOf(sized, value));
}

/** Zeros in a shape that the graph computes. */
export function zeros({ build }: Pick<Sized, "build">, shape: string): string {
  const isFloat = build.floatType === "float";
  const t = createTensor("", build.floatType, [1], isFloat ? Float32Array.of(0) : Float64Array.of(0));
  return build.op("ConstantOfShape", [shape], [tensorAttribute("value", t)]);
}

/**
 * A value in the shape of another with as many elements. Axes that are known to agree are copied and at most one is
 * computed, so that the other value need not be kept in memory for its shape; else its shape is read when the graph runs.
 */
export function reshapeLike(sized: Sized, value: string, model: string): string {
  const { build, types } = sized;
  const { dims } = types.of(model);
  const from = types.of(value).dims;
  if (dims !== undefined && from !== undefined && isSame(dims, from)) {
    return value;
  }
  let open = 0;
  const target = dims?.map((size, axis) => {
    if (typeof size === "number") {
      return size;
    }
    if (size === from?.[axis]) {
      return 0;
    }
    open += 1;
    return -1;
  });
  const isDecided = target !== undefined && open <= 1 && !(dims ?? []).includes(0);
  return isDecided ? build.reshape(value, target) : build.reshape(value, build.shape(model));
}

export function isSame(left: readonly Dim[], right: readonly Dim[]): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis]);
}
