import { AppError } from "../../../src/shared/errors.ts";
import { intAttribute, readInt, readInts, readString } from "../../onnx/attributes.ts";
import { numbers } from "../../onnx/shapes/shape-rule.ts";
import { positiveAxis } from "../../onnx/shapes/value-type.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { dimsOf, rule, variadic } from "../rule.ts";
import { axisSize, reshapeLike, shapeOf, zerosLike } from "../sizes.ts";

const reshaped = rule("exact", (context) => reshapeLike(context, context.g, context.x[0] ?? ""));

/** Operators that move, repeat or cut out elements. */
export const LAYOUT_RULES: Readonly<Record<string, Rule>> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: rule("exact", (context) => {
    const { build, g, node, x } = context;
    const rank = dimsOf(context, x[0] ?? "").length;
    const permutation = readInts(node, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    return build.transpose(
      g,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    );
  }),
  Expand: rule("elementwise", ({ g }) => g),
  Concat: variadic("exact", concatPart),
  Split: rule("exact", (context) => {
    const { build, gradients, node, y } = context;
    const parts = y.map((output, index) => gradients[index] ?? zerosLike(context, output));
    return build.concat(parts, readInt(node, "axis", 0));
  }),
  Slice: rule("exact", sliceInput),
  Pad: rule("exact", padInput),
  Tile: rule("exact", tileInput),
};

function concatPart(context: RuleContext, index: number): string {
  const { build, g, node, x } = context;
  const axis = positiveAxis(readInt(node, "axis", 0), dimsOf(context, x[0] ?? "").length);
  const sizes = build.concat(
    x.map((value) => axisSize(context, value, axis)),
    0,
  );
  const parts = build.ops("Split", [g, sizes], { outputs: x.length, attributes: [intAttribute("axis", axis)] });
  return parts[index] ?? "";
}

/** Zeros around the gradient of the part. */
function sliceInput(context: RuleContext): string {
  const { build, g, node, types, x } = context;
  const [input = "", starts = "", , axes, steps] = x;
  const rank = dimsOf(context, input).length;
  const from = types.of(starts).elements;
  const where = axes === undefined || axes === "" ? from?.map((_, axis) => axis) : numbers(types.of(axes));
  const step = steps === undefined || steps === "" ? [] : numbers(types.of(steps));
  if (from === undefined || where === undefined || step === undefined || step.some((size) => size !== 1)) {
    throw new AppError(
      "invalid_artifact",
      `Slice "${node.name}" has computed axes, or steps other than 1, which has no derivative rule`,
    );
  }
  const zero = build.int64s([0]);
  // For all axes: onnxruntime 1.30 permutes pads wrongly when a transposition meets a Pad that names its axes.
  const before = Array.from({ length: rank }, () => zero);
  const after = [...before];
  for (const [index, given] of where.entries()) {
    const axis = positiveAxis(given, rank);
    const [size, part] = [axisSize(context, input, axis), axisSize(context, g, axis)];
    const start = from.length === 1 ? starts : build.gather(starts, build.int64s([index]));
    const counted = build.where(build.op("Less", [start, zero]), build.add(start, size), start);
    const clipped = build.op("Min", [build.op("Max", [counted, zero]), size]);
    before[axis] = clipped;
    after[axis] = build.sub(build.sub(size, clipped), part);
  }
  return build.op("Pad", [g, build.concat([...before, ...after], 0)]);
}

/** The part of the gradient that is not padding. */
function padInput(context: RuleContext): string {
  const { build, g, node, types, x } = context;
  const [input = "", padding = "", , axes] = x;
  const pads = numbers(types.of(padding));
  if (readString(node, "mode", "constant") !== "constant" || pads === undefined) {
    throw new AppError(
      "invalid_artifact",
      `Pad "${node.name}" is not by fixed constants, which has no derivative rule`,
    );
  }
  const rank = dimsOf(context, input).length;
  const where =
    axes === undefined || axes === "" ? Array.from({ length: rank }, (_, axis) => axis) : numbers(types.of(axes));
  const starts = pads.slice(0, pads.length / 2);
  const ends = (where ?? []).map((axis, index) =>
    build.add(axisSize(context, input, positiveAxis(axis, rank)), build.int64s([starts[index] ?? 0])),
  );
  return build.op("Slice", [g, build.int64s(starts), build.concat(ends, 0), build.int64s(where ?? [])]);
}

/** The sum over the copies: (copies, size) per axis, the copies summed. */
function tileInput(context: RuleContext): string {
  const { build, g, x } = context;
  const [input = "", repeats = ""] = x;
  const rank = dimsOf(context, input).length;
  const pairs = build.concat([build.unsqueeze(repeats, [1]), build.unsqueeze(shapeOf(context, input), [1])], 1);
  const copies = build.reshape(g, build.reshape(pairs, [2 * rank]));
  const axes = Array.from({ length: rank }, (_, axis) => 2 * axis);
  return build.reduceSum(copies, axes, { keepDims: false });
}
