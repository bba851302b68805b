import { AppError } from "../../../src/shared/errors.ts";
import { intAttribute, readInt, stringAttribute } from "../../onnx/attributes.ts";
import { positiveAxis } from "../../onnx/shapes/value-type.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { dimsOf, rule } from "../rule.ts";
import { axisSize, zeros, zerosLike } from "../sizes.ts";

const addition = stringAttribute("reduction", "add");

/** Operators that pick elements by position: the gradient is added up where it was picked from. */
export const INDEXING_RULES: Readonly<Record<string, Rule>> = {
  Gather: rule("exact", gatherInput),
  GatherElements: rule("exact", (context) => {
    const { build, g, node, x } = context;
    const axis = intAttribute("axis", readInt(node, "axis", 0));
    return build.op("ScatterElements", [zerosLike(context, x[0] ?? ""), x[1] ?? "", g], [axis, addition]);
  }),
  GatherND: rule("exact", (context) => {
    const { build, g, node, x } = context;
    if (readInt(node, "batch_dims", 0) !== 0) {
      throw new AppError("invalid_artifact", `GatherND "${node.name}" with batch axes has no derivative rule`);
    }
    return build.op("ScatterND", [zerosLike(context, x[0] ?? ""), x[1] ?? "", g], [addition]);
  }),
  CumSum: rule("exact", ({ build, g, node, x }) => {
    const attributes = [
      intAttribute("exclusive", readInt(node, "exclusive", 0)),
      intAttribute("reverse", 1 - readInt(node, "reverse", 0)),
    ];
    return build.op("CumSum", [g, x[1] ?? ""], attributes);
  }),
};

/** The picked axis is brought to the front, rows are added into zeros there, and the axis is put back. */
function gatherInput(context: RuleContext): string {
  const { build, node, x } = context;
  const [input = "", indices = ""] = x;
  const rank = dimsOf(context, input).length;
  const picked = dimsOf(context, indices).length;
  const axis = positiveAxis(readInt(node, "axis", 0), rank);
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
  const toFront = [...range(axis, picked), ...range(0, axis), ...range(axis + picked, rank - axis - 1)];
  const rows = axis === 0 ? context.g : build.transpose(context.g, toFront);
  const others = range(0, rank).filter((other) => other !== axis);
  const shape = build.concat(
    [axis, ...others].map((other) => axisSize(context, input, other)),
    0,
  );
  const sums = build.op("ScatterND", [zeros(context, shape), build.unsqueeze(indices, [-1]), rows], [addition]);
  return axis === 0 ? sums : build.transpose(sums, [...range(1, axis), 0, ...range(axis + 1, rank - axis - 1)]);
}
