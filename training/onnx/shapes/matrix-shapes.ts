import { readInt, readString } from "../attributes.ts";
import type { ShapeRule, ShapeRuleContext } from "./shape-rule.ts";
import { single, typed } from "./shape-rule.ts";
import { broadcastDims, positiveAxis } from "./value-type.ts";
import type { Dim, ValueType } from "./value-type.ts";

/** Matrix products and normalisations over the last axes. */
export const MATRIX_SHAPES: Readonly<Record<string, ShapeRule>> = {
  MatMul: single((context, { dataType }) => typed(dataType, productDims(context, false, false))),
  FusedMatMul: single((context, { dataType }) =>
    typed(
      dataType,
      productDims(context, readInt(context.node, "transA", 0) === 1, readInt(context.node, "transB", 0) === 1),
    ),
  ),
  Gemm: single(({ node, inputs: [, b] }, { dataType, dims }) => {
    const rows = dims?.[readInt(node, "transA", 0) === 1 ? 1 : 0];
    const columns = b?.dims?.[readInt(node, "transB", 0) === 1 ? 0 : 1];
    return typed(dataType, rows === undefined || columns === undefined ? undefined : [rows, columns]);
  }),
  Einsum: single(({ node, inputs }, { dataType }) => typed(dataType, einsumDims(readString(node, "equation"), inputs))),
  LayerNormalization: normalization,
  SimplifiedLayerNormalization: normalization,
  RMSNormalization: normalization,
};

function productDims({ inputs: [a, b], fresh }: ShapeRuleContext, transA: boolean, transB: boolean): Dim[] | undefined {
  if (a?.dims === undefined || b?.dims === undefined || a.dims.length === 0 || b.dims.length === 0) {
    return undefined;
  }
  const rows = a.dims.length === 1 ? [] : [a.dims.at(transA ? -1 : -2) ?? 1];
  const columns = b.dims.length === 1 ? [] : [b.dims.at(transB ? -2 : -1) ?? 1];
  return [...broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2), fresh), ...rows, ...columns];
}

function einsumDims(equation: string, inputs: readonly ValueType[]): Dim[] | undefined {
  const [left = "", right] = equation.replaceAll(" ", "").split("->");
  if (right === undefined || equation.includes(".")) {
    return undefined;
  }
  const sizes = new Map<string, Dim>();
  for (const [index, labels] of left.split(",").entries()) {
    for (const [axis, label] of labels.split("").entries()) {
      const size = inputs[index]?.dims?.[axis];
      if (size !== undefined && typeof sizes.get(label) !== "number") {
        sizes.set(label, size);
      }
    }
  }
  const dims = right.split("").map((label) => sizes.get(label));
  return dims.every((size) => size !== undefined) ? dims : undefined;
}

/** The result, then mean and inverse standard deviation, which have size 1 in the axes normalised over. */
function normalization({ node, inputs: [x = {}] }: ShapeRuleContext): readonly ValueType[] {
  const { dataType, dims } = x;
  const axis = positiveAxis(readInt(node, "axis", -1), dims?.length ?? 0);
  const reduced = typed(
    dataType,
    dims?.map((size, index) => (index < axis ? size : 1)),
  );
  return node.output.map((_, index) => (index === 0 ? typed(dataType, dims) : reduced));
}
