import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { NodeProto } from "../onnx/proto.ts";
import type { ValueTypes } from "../onnx/shapes/value-types.ts";
import { findGradientPath } from "./gradient-path.ts";
import { derivativeRule } from "./registry.ts";
import type { RuleContext, RuleSizes } from "./rule.ts";
import { isSame, shapeOf } from "./sizes.ts";
import { unbroadcast } from "./unbroadcast.ts";

export interface DifferentiateOptions {
  /** Writes into the graph of the function; the backward nodes are added there. */
  readonly build: GraphBuilder;
  /** Of the same graph, with the function in it. */
  readonly types: ValueTypes;
  /**
   * Values the backward pass starts from, and the gradient of the loss with respect to each: `build.scalar(1)` for the loss
   * itself; for a product of a vector and the Jacobian, a graph input of the value's shape.
   */
  readonly seeds: ReadonlyMap<string, string>;
  /** Values whose gradient is wanted: initializers, graph inputs, or values computed in the graph. */
  readonly wrt: readonly string[];
}

/**
 * Reverse-mode differentiation: writes the nodes that compute the gradients, and returns the gradient's name for each
 * wanted value, in its full shape. A value that the seeds do not depend on is missing from the result. Values read more than
 * once, weights shared between places, and broadcasting are handled here; a rule sees one node.
 * Throws AppError `invalid_artifact`, before it writes anything, that names node, operator and path when an operator on the
 * way has no derivative rule.
 */
export function differentiate({ build, types, seeds, wrt }: DifferentiateOptions): Map<string, string> {
  const path = findGradientPath({ graph: build.graph, types, from: wrt, to: [...seeds.keys()] });
  const sums = new GradientSums(build);
  for (const [value, gradient] of seeds) {
    sums.add(value, gradient);
  }
  for (const node of path.nodes.toReversed()) {
    const gradients = node.output.map((output) => sums.of(output));
    if (gradients.some((gradient) => gradient !== undefined)) {
      for (const index of path.inputsOf(node)) {
        const contribution = inputGradient({ build, types, node, gradients }, index);
        sums.add(node.input[index] ?? "", contribution);
      }
    }
  }
  const result = new Map<string, string>();
  for (const value of wrt) {
    const gradient = sums.of(value);
    if (gradient !== undefined) {
      result.set(value, fullSize({ build, types }, gradient, value));
    }
  }
  return result;
}

/** The contributions to each value's gradient, added up when they are asked for. */
class GradientSums {
  readonly #build: GraphBuilder;
  readonly #parts = new Map<string, readonly [string, ...string[]]>();

  constructor(build: GraphBuilder) {
    this.#build = build;
  }

  add(value: string, gradient: string): void {
    this.#parts.set(value, [...(this.#parts.get(value) ?? []), gradient] as [string, ...string[]]); // one at least
  }

  of(value: string): string | undefined {
    const parts = this.#parts.get(value);
    if (parts === undefined) {
      return undefined;
    }
    const sum = parts.reduce((left, right) => this.#build.add(left, right));
    this.#parts.set(value, [sum]);
    return sum;
  }
}

interface NodeGradient {
  readonly build: GraphBuilder;
  readonly types: ValueTypes;
  readonly node: NodeProto;
  /** Of each output. */
  readonly gradients: readonly (string | undefined)[];
}

function inputGradient({ build, types, node, gradients }: NodeGradient, index: number): string {
  const rule = derivativeRule(node);
  const write = rule?.input(index);
  if (rule === undefined || write === undefined) {
    throw new TypeError(`${node.opType} "${node.name}" has no rule; findGradientPath should have said so`);
  }
  const value = node.input[index] ?? "";
  const written = { build, types };
  const [from, to] = [types.of(node.output[0] ?? "").dims, types.of(value).dims];
  const isSameSize = from !== undefined && to !== undefined && isSame(from, to);
  const keepsSmall = rule.sizes === "elementwise" && isSameSize;
  const sized = gradients.map((gradient, output) =>
    gradient === undefined || keepsSmall ? gradient : fullSize(written, gradient, node.output[output] ?? ""),
  );
  const context: RuleContext = { ...written, node, x: node.input, y: node.output, g: sized[0] ?? "", gradients: sized };
  const gradient = write(context, index);
  return needsSum(rule.sizes, keepsSmall) ? unbroadcast(written, gradient, value) : gradient;
}

function needsSum(sizes: RuleSizes, isSameSize: boolean): boolean {
  return (sizes === "elementwise" && !isSameSize) || sizes === "product";
}

/** A gradient that may be smaller than its value, broadcast to its shape. */
function fullSize(written: Pick<NodeGradient, "build" | "types">, gradient: string, value: string): string {
  const { build, types } = written;
  const [from, to] = [types.of(gradient).dims, types.of(value).dims];
  return from !== undefined && to !== undefined && isSame(from, to)
    ? gradient
    : build.expand(gradient, shapeOf(written, value));
}
