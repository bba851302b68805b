import { AppError } from "../../src/shared/errors.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { NodeProto } from "../onnx/proto.ts";
import type { Dim } from "../onnx/shapes/value-type.ts";
import type { ValueTypes } from "../onnx/shapes/value-types.ts";

/** What a derivative rule sees of a node. Strings are names of values; nothing is computed, only nodes are written. */
export interface RuleContext {
  readonly node: NodeProto;
  /** Inputs; empty for one that is not given. */
  readonly x: readonly string[];
  /** Outputs. */
  readonly y: readonly string[];
  /** Gradient of the loss with respect to the first output. */
  readonly g: string;
  /** The same for every output; undefined where the loss does not depend on it. */
  readonly gradients: readonly (string | undefined)[];
  readonly build: GraphBuilder;
  readonly types: ValueTypes;
}

/** Writes the gradient of the loss with respect to one input. */
export type InputRule = (context: RuleContext, index: number) => string;

/**
 * How sizes go through a rule. `exact`: gradients have the sizes of their values. `elementwise`: inputs broadcast against
 * each other; `g` may be smaller than the output where it is constant along an axis, and the mechanism sums what the rule
 * gives down to the input. `product`: the same for matrix products, whose `g` has full size. `reduction`: what the rule gives
 * may be smaller than the input.
 */
export type RuleSizes = "exact" | "elementwise" | "product" | "reduction";

export interface Rule {
  /** The derivative for the input at `index`; undefined where there is none (indices, conditions, shapes). */
  input(index: number): InputRule | undefined;
  readonly sizes: RuleSizes;
}

/** A rule with one derivative per input; missing or undefined: no gradient. */
export function rule(sizes: RuleSizes, ...inputs: readonly (InputRule | undefined)[]): Rule {
  return { input: (index) => inputs[index], sizes };
}

/** Any number of inputs under one rule. */
export function variadic(sizes: RuleSizes, input: InputRule): Rule {
  return { input: () => input, sizes };
}

/** A function of one input, element by element: `unary(({ build, g }, x, y) => build.mul(g, y))`. */
export function unary(derivative: (context: RuleContext, x: string, y: string) => string): Rule {
  return rule("elementwise", (context) => derivative(context, context.x[0] ?? "", context.y[0] ?? ""));
}

/** The shape of a value whose number of axes a rule needs. Throws AppError `invalid_artifact` when it is not known. */
export function dimsOf({ node, types }: RuleContext, value: string): readonly Dim[] {
  const { dims } = types.of(value);
  if (dims === undefined) {
    throw new AppError(
      "invalid_artifact",
      `the derivative of ${node.opType} "${node.name}" needs the number of axes of "${value}", which the graph does not tell; export the model with shapes`,
    );
  }
  return dims;
}
