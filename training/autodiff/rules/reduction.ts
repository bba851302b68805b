import { readInt, readInts } from "../../onnx/attributes.ts";
import { numbers } from "../../onnx/shapes/shape-rule.ts";
import { positiveAxis } from "../../onnx/shapes/value-type.ts";
import { elementCount } from "../../onnx/tensor.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { dimsOf, rule } from "../rule.ts";
import { sizeOf } from "../sizes.ts";

/** What a reduction rule works with: everything broadcasts to the input. */
interface Reduction {
  readonly context: RuleContext;
  readonly x: string;
  /** Result and gradient with the reduced axes kept, of size 1. */
  readonly y: string;
  readonly g: string;
}

/** Reductions over axes. What they give is as large as the result: it broadcasts to the input. */
export const REDUCTION_RULES: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction(({ g }) => g),
  ReduceMean: reduction(({ context, g, x, y }) => {
    const { build } = context;
    const count = reducedCount(context);
    return count === undefined
      ? build.div(g, build.cast(build.div(sizeOf(context, x), sizeOf(context, y))))
      : build.mul(g, build.scalar(1 / count));
  }),
  // Equal elements share the gradient, as in PyTorch.
  ReduceMax: reduction(shareOfWinners),
  ReduceMin: reduction(shareOfWinners),
  ReduceL1: reduction(({ context: { build }, g, x }) => build.mul(g, build.op("Sign", [x]))),
  // A vector of zeros has no direction; PyTorch gives it the gradient 0.
  ReduceL2: reduction(({ context: { build }, g, x, y }) => {
    const isZero = build.op("Equal", [y, build.scalar(0)]);
    return build.mul(x, build.where(isZero, build.scalar(0), build.div(g, y)));
  }),
  ReduceSumSquare: reduction(({ context: { build }, g, x }) => build.mul(x, build.mul(g, build.scalar(2)))),
  ReduceLogSum: reduction(({ context: { build }, g, y }) => build.div(g, build.exp(y))),
  ReduceLogSumExp: reduction(({ context: { build }, g, x, y }) => build.mul(g, build.exp(build.sub(x, y)))),
  ReduceProd: reduction(({ context: { build }, g, x, y }) => build.div(build.mul(g, y), x)),
};

function reduction(derivative: (reduction: Reduction) => string): Rule {
  return rule("reduction", (context) => {
    const { x, y, g } = context;
    const keep = (value: string): string => withReducedAxes(context, value);
    return derivative({ context, x: x[0] ?? "", y: keep(y[0] ?? ""), g: keep(g) });
  });
}

/** How many elements become one, when it is known. */
function reducedCount(context: RuleContext): number | undefined {
  const dims = dimsOf(context, context.x[0] ?? "");
  const axes = reducedAxes(context);
  const sizes = axes?.map((axis) => dims[axis]) ?? [undefined];
  const isIdentity = axes?.length === 0;
  return !isIdentity && sizes.every((size) => typeof size === "number") ? elementCount(sizes) : undefined;
}

/** Axes from the start, all when none are given; none when the operator does nothing; undefined when computed. */
function reducedAxes(context: RuleContext): readonly number[] | undefined {
  const { node, types, x } = context;
  const rank = dimsOf(context, x[0] ?? "").length;
  const given = readInts(node, "axes") ?? (x[1] === undefined || x[1] === "" ? [] : numbers(types.of(x[1])));
  if (given?.length !== 0) {
    return given?.map((axis) => positiveAxis(axis, rank)).sort((a, b) => a - b);
  }
  const doesNothing = readInt(node, "noop_with_empty_axes", 0) === 1;
  return doesNothing ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

function withReducedAxes(context: RuleContext, value: string): string {
  const { build, node, x } = context;
  const axes = reducedAxes(context);
  if (readInt(node, "keepdims", 1) === 1 || axes?.length === 0) {
    return value;
  }
  // Axes may be computed in the graph.
  return axes === undefined ? build.op("Unsqueeze", [value, x[1] ?? ""]) : build.unsqueeze(value, axes);
}

function shareOfWinners({ context, g, x, y }: Reduction): string {
  const { build } = context;
  const isWinner = build.cast(build.op("Equal", [x, y]));
  const reduced = withReducedAxes(
    context,
    build.op("ReduceSum", [isWinner, ...context.x.slice(1)], context.node.attribute),
  );
  return build.mul(isWinner, build.div(g, reduced));
}
