import { intAttribute } from "../onnx/attributes.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { Dim } from "../onnx/shapes/value-type.ts";
import type { ValueTypes } from "../onnx/shapes/value-types.ts";
import { isSame, reshapeLike } from "./sizes.ts";

interface Written {
  readonly build: GraphBuilder;
  readonly types: ValueTypes;
}

/**
 * A gradient in the shape of the value it belongs to: summed over the axes that broadcasting repeated. Where sizes are
 * only known when the graph runs and may differ, the axes are computed there.
 */
export function unbroadcast(written: Written, gradient: string, value: string): string {
  const { build, types } = written;
  const [from, to] = [types.of(gradient).dims, types.of(value).dims];
  if (from === undefined || to === undefined) {
    return sumAtRunTime(written, gradient, value);
  }
  if (isSame(from, to)) {
    return gradient;
  }
  const extra = from.length - to.length;
  const isUndecided = (size: Dim | undefined, axis: number): boolean => size !== from[axis + extra] && size !== 1;
  if (extra < 0 || to.some(isUndecided)) {
    return sumAtRunTime(written, gradient, value);
  }
  const axes = from.flatMap((size, axis) => (axis < extra || (to[axis - extra] === 1 && size !== 1) ? [axis] : []));
  const hasOnlyExtra = axes.length === extra;
  if (hasOnlyExtra) {
    return build.reduceSum(gradient, axes, { keepDims: false });
  }
  return reshapeLike(written, build.reduceSum(gradient, axes), value);
}

function sumAtRunTime({ build }: Written, gradient: string, value: string): string {
  const [from, to] = [build.shape(gradient), build.shape(value)];
  const missing = build.sub(build.shape(from), build.shape(to));
  const ones = build.expand(build.int64(1), missing);
  const padded = build.concat([ones, to], 0);
  const differs = build.op("Not", [build.op("Equal", [padded, from])]);
  const axes = build.squeeze(build.op("NonZero", [differs]), [0]);
  const noAxes = intAttribute("noop_with_empty_axes", 1);
  return build.reshape(build.op("ReduceSum", [gradient, axes], [noAxes]), to);
}
