import { readInt, readInts } from "../attributes.ts";
import type { ShapeRule, ShapeRuleContext } from "./shape-rule.ts";
import { numbers, single, typed, withSize } from "./shape-rule.ts";
import { broadcastDims, positiveAxis } from "./value-type.ts";
import type { Dim, ValueType } from "./value-type.ts";

/** Operators that move elements without computing. */
export const LAYOUT_SHAPES: Readonly<Record<string, ShapeRule>> = {
  Transpose: single(({ node }, { dataType, dims }) => {
    const permutation = readInts(node, "perm") ?? dims?.map((_, axis) => dims.length - 1 - axis);
    return typed(dataType, dims === undefined ? undefined : permutation?.map((axis) => dims[axis] ?? 1));
  }),
  Reshape: single((context, { dataType, elements }) => ({ dataType, dims: reshapedDims(context), elements })),
  Flatten: single(({ node, fresh }, { dataType, dims }) => {
    if (dims === undefined) {
      return typed(dataType, [fresh(0), fresh(1)]);
    }
    const axis = positiveAxis(readInt(node, "axis", 1), dims.length);
    return typed(dataType, [product(dims.slice(0, axis)) ?? fresh(0), product(dims.slice(axis)) ?? fresh(1)]);
  }),
  Squeeze: single((context, { dataType, dims, elements }) => {
    const axes = axesOf(context, dims?.length);
    const kept = dims?.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
    return { dataType, dims: kept, elements };
  }),
  Unsqueeze: single((context, { dataType, dims, elements }) => {
    const count = readInts(context.node, "axes") ?? numbers(context.inputs[1]);
    if (dims === undefined || count === undefined) {
      return { dataType, elements };
    }
    const axes = count.map((axis) => positiveAxis(axis, dims.length + count.length));
    const rest = [...dims];
    const all = Array.from({ length: dims.length + axes.length }, (_, axis) =>
      axes.includes(axis) ? 1 : (rest.shift() ?? 1),
    );
    return { dataType, dims: all, elements };
  }),
  Concat: single(concatenated),
  Split: split,
  Expand: single(({ inputs: [, shape], fresh }, { dataType, dims, elements }) => {
    const target = shape?.elements;
    const known = dims === undefined || target === undefined ? undefined : broadcastDims(dims, target, fresh);
    const isSame = known?.length === dims?.length && known?.every((size, axis) => size === dims?.[axis]);
    return { dataType, dims: known, elements: isSame === true ? elements : undefined };
  }),
  Tile: single(({ inputs: [, repeats], fresh }, { dataType, dims }) => {
    const times = numbers(repeats);
    return typed(
      dataType,
      dims?.map((size, axis) => {
        const count = times?.[axis];
        return count === 1 ? size : typeof size === "number" && count !== undefined ? size * count : fresh(axis);
      }),
    );
  }),
  Pad: single((context, { dataType, dims }) => {
    const pads = readInts(context.node, "pads") ?? numbers(context.inputs[1]);
    const axes = numbers(context.inputs[3]) ?? dims?.map((_, axis) => axis);
    return typed(
      dataType,
      dims?.map((size, axis) => {
        const index = axes?.findIndex((padded) => positiveAxis(padded, dims.length) === axis) ?? -1;
        const before = index < 0 ? 0 : pads?.[index];
        const after = index < 0 ? 0 : pads?.[index + (axes?.length ?? 0)];
        if (before === 0 && after === 0) {
          return size;
        }
        const isKnown = typeof size === "number" && before !== undefined && after !== undefined;
        return isKnown ? size + before + after : context.fresh(axis);
      }),
    );
  }),
};

/** Axes from the attribute (before operator set 13) or the second input. */
function axesOf({ node, inputs }: ShapeRuleContext, rank: number | undefined): readonly number[] | undefined {
  const axes = readInts(node, "axes") ?? numbers(inputs[1]);
  return rank === undefined ? axes : axes?.map((axis) => positiveAxis(axis, rank));
}

function product(dims: readonly Dim[]): Dim | undefined {
  const symbols = dims.filter((size) => typeof size === "string");
  const size = dims.filter((dim) => typeof dim === "number").reduce((all, dim) => all * dim, 1);
  if (symbols.length === 0) {
    return size;
  }
  return symbols.length === 1 && size === 1 ? symbols[0] : undefined;
}

function reshapedDims({ node, inputs: [x, shape], fresh }: ShapeRuleContext): readonly Dim[] | undefined {
  const target = shape?.elements;
  if (target === undefined) {
    const rank = shape?.dims?.[0];
    return typeof rank === "number" ? Array.from({ length: rank }, (_, axis) => fresh(axis)) : undefined;
  }
  const keepsZero = readInt(node, "allowzero", 0) === 0;
  const dims = target.map((size, axis) => (size === 0 && keepsZero ? (x?.dims?.[axis] ?? fresh(axis)) : size));
  const open = dims.indexOf(-1);
  return open === -1 ? dims : dims.with(open, remainder(x?.dims, dims) ?? fresh(open));
}

/** What -1 stands for: the sizes of the input that the other dimensions have not used up. */
function remainder(from: readonly Dim[] | undefined, dims: readonly Dim[]): Dim | undefined {
  if (from === undefined) {
    return undefined;
  }
  const rest = [...from];
  let divisor = 1;
  for (const size of dims.filter((dim) => dim !== -1)) {
    const index = rest.indexOf(size);
    if (index !== -1) {
      rest.splice(index, 1);
    } else if (typeof size === "number") {
      divisor *= size;
    } else {
      return undefined;
    }
  }
  const symbols = rest.filter((size) => typeof size === "string");
  const size = rest.filter((dim) => typeof dim === "number").reduce((all, dim) => all * dim, 1) / divisor;
  if (symbols.length === 0) {
    return Number.isInteger(size) ? size : undefined;
  }
  return symbols.length === 1 && size === 1 ? symbols[0] : undefined;
}

function concatenated({ node, inputs, fresh }: ShapeRuleContext, first: ValueType): ValueType {
  const { dataType } = first;
  const dims = inputs.find((input) => input.dims !== undefined)?.dims;
  if (dims === undefined) {
    return { dataType };
  }
  const axis = positiveAxis(readInt(node, "axis", 0), dims.length);
  const sizes = inputs.map((input) => input.dims?.[axis]);
  const known = sizes.every((size) => typeof size === "number");
  const total = known ? sizes.reduce((sum, size) => sum + size, 0) : fresh(axis);
  const others = dims.map((_, other) => {
    const candidates = inputs.map((input) => input.dims?.[other]);
    return candidates.find((size) => typeof size === "number") ?? candidates[0] ?? fresh(other);
  });
  const parts = inputs.map((input) => input.elements);
  const elements = dims.length === 1 && parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  return { dataType, dims: withSize({ node }, others, { axis, size: total }), elements };
}

function split({ node, inputs: [x = {}, sizes], fresh }: ShapeRuleContext): readonly ValueType[] {
  const { dataType, dims } = x;
  const axis = positiveAxis(readInt(node, "axis", 0), dims?.length ?? 0);
  const given = readInts(node, "split") ?? numbers(sizes);
  const total = dims?.[axis];
  return node.output.map((_, index) => {
    const even = typeof total === "number" && sizes === undefined ? Math.ceil(total / node.output.length) : undefined;
    const last = typeof total === "number" && even !== undefined ? total - even * (node.output.length - 1) : even;
    const size = given?.[index] ?? (index === node.output.length - 1 ? last : even) ?? fresh(axis, index);
    return typed(dataType, dims && withSize({ node }, dims, { axis, size }));
  });
}
