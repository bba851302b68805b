import { readInt } from "../attributes.ts";
import type { ShapeRule, ShapeRuleContext } from "./shape-rule.ts";
import { numbers, single, typed } from "./shape-rule.ts";
import { positiveAxis } from "./value-type.ts";
import type { Dim, ValueType } from "./value-type.ts";

/** Operators that pick elements by position. */
export const INDEXING_SHAPES: Readonly<Record<string, ShapeRule>> = {
  Gather: single(gathered),
  GatherElements: single(({ inputs: [, indices] }, { dataType }) => typed(dataType, indices?.dims)),
  GatherND: single(({ node, inputs: [, indices] }, { dataType, dims }) => {
    const depth = indices?.dims?.at(-1);
    const start = readInt(node, "batch_dims", 0);
    const isKnown = dims !== undefined && indices?.dims !== undefined && typeof depth === "number";
    return typed(dataType, isKnown ? [...indices.dims.slice(0, -1), ...dims.slice(start + depth)] : undefined);
  }),
  Slice: single(sliced),
  Compress: single((_, { dataType }) => ({ dataType })),
};

function gathered({ node, inputs: [, indices] }: ShapeRuleContext, x: ValueType): ValueType {
  const { dataType, dims } = x;
  const axis = positiveAxis(readInt(node, "axis", 0), dims?.length ?? 0);
  const isKnown = dims !== undefined && indices?.dims !== undefined;
  const result = isKnown ? [...dims.slice(0, axis), ...indices.dims, ...dims.slice(axis + 1)] : undefined;
  const picked = numbers(indices)?.map((index) => x.elements?.at(index));
  const elements = picked?.every((value) => value !== undefined) ? picked : undefined;
  return { dataType, dims: result, elements };
}

function sliced({ inputs: [, starts, ends, axes, steps], fresh }: ShapeRuleContext, x: ValueType): ValueType {
  const { dataType, dims } = x;
  if (dims === undefined) {
    return { dataType };
  }
  const count = starts?.elements?.length ?? 0;
  const where = axes === undefined ? Array.from({ length: count }, (_, axis) => axis) : numbers(axes);
  if (where === undefined || starts?.elements === undefined) {
    return typed(
      dataType,
      dims.map((_, axis) => fresh(axis)),
    );
  }
  const result = [...dims];
  let elements = x.elements;
  for (const [index, given] of where.entries()) {
    const axis = positiveAxis(given, dims.length);
    const size = dims[axis] ?? 1;
    const range = { size, start: starts.elements[index], end: ends?.elements?.[index] };
    const step = steps === undefined ? 1 : steps.elements?.[index];
    result[axis] = slicedSize(range, step) ?? fresh(axis);
    const { start, end } = range;
    const isList = step === 1 && typeof start === "number" && typeof end === "number" && dims.length === 1;
    elements = isList ? elements?.slice(start, end) : undefined;
  }
  return { dataType, dims: result, elements };
}

interface SliceRange {
  readonly size: Dim;
  readonly start: Dim | undefined;
  readonly end: Dim | undefined;
}

function slicedSize({ size, start, end }: SliceRange, step: Dim | undefined): Dim | undefined {
  if (typeof step !== "number" || step <= 0 || typeof start !== "number" || end === undefined) {
    return undefined;
  }
  if (typeof size === "number") {
    const clip = (position: number): number => Math.min(Math.max(position < 0 ? position + size : position, 0), size);
    if (typeof end === "number") {
      return Math.max(0, Math.ceil((clip(end) - clip(start)) / step));
    }
    // The first `end` of a fixed number: positions, masks. A graph that asks for more than there are fails elsewhere.
    return start === 0 && step === 1 ? end : undefined;
  }
  const takesAll = start === 0 && step === 1 && (end === size || (typeof end === "number" && end >= 2 ** 31 - 1));
  return takesAll ? size : undefined;
}
