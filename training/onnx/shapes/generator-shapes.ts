import { readInt } from "../attributes.ts";
import { dataTypeName } from "../data-type.ts";
import { MAX_LIST, integerElements } from "./integer-elements.ts";
import type { ShapeRule } from "./shape-rule.ts";
import { single, typed } from "./shape-rule.ts";
import { positiveAxis } from "./value-type.ts";
import type { Dim } from "./value-type.ts";

/** Operators that make integers or constants from shapes and numbers. */
export const GENERATOR_SHAPES: Readonly<Record<string, ShapeRule>> = {
  Shape: single(({ node, fresh }, { dims }) => {
    const slice = dims?.slice(readInt(node, "start", 0), readInt(node, "end", dims.length));
    return { dataType: "int64", dims: [slice?.length ?? fresh(0)], elements: slice };
  }),
  Size: single(({ fresh }, { dims }) => {
    const size = dims?.every((dim) => typeof dim === "number") ? dims.reduce((all, dim) => all * dim, 1) : fresh(0);
    return { dataType: "int64", dims: [], elements: [size] };
  }),
  ConstantOfShape: single(({ node }, { elements, dims }) => {
    const value = node.attribute.find(({ name }) => name === "value")?.t;
    const rank = dims?.[0];
    const unknown = typeof rank === "number" && rank === 0 ? [] : undefined;
    const dataType = value ? dataTypeName(value.dataType) : "float";
    const [length] = elements ?? [];
    const isShort = dataType === "int64" && elements?.length === 1 && typeof length === "number" && length <= MAX_LIST;
    const [fill] = isShort && value ? (integerElements(value) ?? []) : [];
    const all = fill === undefined ? undefined : Array.from<Dim>({ length: Number(length) }).fill(fill);
    return { dataType, dims: elements ?? unknown, elements: all };
  }),
  Range: single(({ inputs, fresh }, { dataType }) => {
    const [start, limit, delta] = inputs.map((input) => input.elements?.[0]);
    const counts = [start, limit, delta].every((value) => typeof value === "number");
    const length = counts ? Math.max(0, Math.ceil((Number(limit) - Number(start)) / Number(delta))) : undefined;
    const isCount = start === 0 && delta === 1 && limit !== undefined;
    return typed(dataType, [length ?? (isCount ? limit : fresh(0))]);
  }),
  NonZero: single(({ fresh }, { dims }) => typed("int64", [dims?.length ?? fresh(0), fresh(1)])),
  OneHot: single(({ node, inputs: [indices, depth, values], fresh }) => {
    const dims = indices?.dims;
    const axis = positiveAxis(readInt(node, "axis", -1), (dims?.length ?? 0) + 1);
    return typed(values?.dataType, dims?.toSpliced(axis, 0, depth?.elements?.[0] ?? fresh(0)));
  }),
  EyeLike: single(({ node }, { dims, dataType }) => typed(dataTypeName(readInt(node, "dtype", 0)) ?? dataType, dims)),
};
