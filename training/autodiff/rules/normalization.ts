import { AppError } from "../../../src/shared/errors.ts";
import { readFloat, readInt } from "../../onnx/attributes.ts";
import { positiveAxis } from "../../onnx/shapes/value-type.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { dimsOf, rule } from "../rule.ts";
import { axisSize } from "../sizes.ts";

/** Softmax and normalisations of neighbours along an axis. */
export const NORMALIZATION_RULES: Readonly<Record<string, Rule>> = {
  // (g − Σ g·y)·y, as t − y·Σ t with t = g·y.
  Softmax: rule("exact", ({ build, g, node, y: [y = ""] }) => {
    const weighted = build.mul(g, y);
    return build.sub(weighted, build.mul(y, build.reduceSum(weighted, [readInt(node, "axis", -1)])));
  }),
  LogSoftmax: rule("exact", ({ build, g, node, y: [y = ""] }) =>
    build.sub(g, build.mul(build.exp(y), build.reduceSum(g, [readInt(node, "axis", -1)]))),
  ),
  LayerNormalization: rule("exact", normInput, normScale, (context) => sumOverRows(context, context.g)),
  SimplifiedLayerNormalization: rule("exact", normInput, normScale),
  RMSNormalization: rule("exact", normInput, normScale),
};

interface Normalized {
  /** x̂: the input, centred (not for RMS) and divided by its deviation. */
  readonly value: string;
  /** 1 / deviation, of size 1 in the last axis. */
  readonly inverse: string;
}

function normalized(context: RuleContext): Normalized {
  const { build, node, x, y } = context;
  const [input = ""] = x;
  const rank = dimsOf(context, input).length;
  if (positiveAxis(readInt(node, "axis", -1), rank) !== rank - 1) {
    throw new AppError("invalid_artifact", `${node.opType} "${node.name}" over several axes has no derivative rule`);
  }
  const [, mean = "", saved = ""] = y;
  const hasStatistics = node.opType === "LayerNormalization" && mean !== "" && saved !== "";
  if (hasStatistics) {
    return { value: build.mul(build.sub(input, mean), saved), inverse: saved };
  }
  const centred = isCentred(node) ? build.sub(input, build.reduceMean(input, [-1])) : input;
  const variance = build.reduceMean(build.mul(centred, centred), [-1]);
  const epsilon = build.scalar(readFloat(node, "epsilon", 1e-5));
  const inverse = build.op("Reciprocal", [build.sqrt(build.add(variance, epsilon))]);
  return { value: build.mul(centred, inverse), inverse };
}

/**
 * (h − mean h − x̂·mean(h·x̂)) / deviation with h = g·scale; RMS norms have no mean h. Both means are products of a matrix
 * and the vector scale / size, which read their matrix once and write no other one; g·x̂ is needed for the scale anyway.
 */
function normInput(context: RuleContext): string {
  const { build, g, node, x } = context;
  const [input = "", scale = ""] = x;
  const size = dimsOf(context, input).at(-1);
  const length = typeof size === "number" ? build.scalar(size) : build.cast(axisSize(context, input, -1));
  const column = build.unsqueeze(build.div(scale, length), [1]);
  const { value, inverse } = normalized(context);
  const along = build.mul(value, build.matMul(build.mul(g, value), column));
  const scaled = build.mul(g, scale);
  const centred = isCentred(node) ? build.sub(scaled, build.matMul(g, column)) : scaled;
  return build.mul(build.sub(centred, along), inverse);
}

function isCentred(node: RuleContext["node"]): boolean {
  return node.opType === "LayerNormalization";
}

function normScale(context: RuleContext): string {
  return sumOverRows(context, context.build.mul(context.g, normalized(context).value));
}

/** Over all axes but the last. */
function sumOverRows(context: RuleContext, value: string): string {
  const rank = dimsOf(context, context.x[0] ?? "").length;
  const axes = Array.from({ length: rank - 1 }, (_, axis) => axis);
  return context.build.reduceSum(value, axes, { keepDims: false });
}
