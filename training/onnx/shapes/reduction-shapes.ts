import { readInt, readInts } from "../attributes.ts";
import type { ShapeRule, ShapeRuleContext } from "./shape-rule.ts";
import { numbers, single, typed, withSize } from "./shape-rule.ts";
import { positiveAxis } from "./value-type.ts";
import type { Dim, ValueType } from "./value-type.ts";

/** Reductions, and sorting operators that keep the first so many. */
export const REDUCTION_SHAPES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(
    "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"
      .split(" ")
      .map((name) => [`Reduce${name}`, single(reduced)]),
  ),
  ArgMax: single(({ node }, { dims }) => typed("int64", argDims(node, dims))),
  ArgMin: single(({ node }, { dims }) => typed("int64", argDims(node, dims))),
  TopK: ({ node, inputs: [x = {}, count], fresh }) => {
    const axis = positiveAxis(readInt(node, "axis", -1), x.dims?.length ?? 0);
    const dims = x.dims && withSize({ node }, x.dims, { axis, size: count?.elements?.[0] ?? fresh(axis) });
    return [typed(x.dataType, dims), typed("int64", dims)];
  },
};

function reduced({ node, inputs, fresh }: ShapeRuleContext, { dataType, dims, elements }: ValueType): ValueType {
  const given = readInts(node, "axes") ?? (inputs[1] === undefined ? [] : numbers(inputs[1]));
  const keepsDims = readInt(node, "keepdims", 1) === 1;
  if (dims === undefined) {
    return { dataType };
  }
  if (given === undefined) {
    return typed(dataType, keepsDims ? dims.map((_, axis) => fresh(axis)) : undefined);
  }
  if (given.length === 0 && readInt(node, "noop_with_empty_axes", 0) === 1) {
    return { dataType, dims, elements };
  }
  const axes = given.length === 0 ? dims.map((_, axis) => axis) : given.map((axis) => positiveAxis(axis, dims.length));
  const kept = dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return typed(dataType, keepsDims ? kept : kept.filter((_, axis) => !axes.includes(axis)));
}

function argDims(node: Parameters<typeof readInt>[0], dims: readonly Dim[] | undefined): readonly Dim[] | undefined {
  const axis = positiveAxis(readInt(node, "axis", 0), dims?.length ?? 0);
  const kept = dims && withSize({ node }, dims, { axis, size: 1 });
  return readInt(node, "keepdims", 1) === 1 ? kept : kept?.filter((_, other) => other !== axis);
}
