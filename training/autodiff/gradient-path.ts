import { AppError } from "../../src/shared/errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { NodeProto } from "../onnx/proto.ts";
import { isFloat } from "../onnx/shapes/value-type.ts";
import type { ValueTypes } from "../onnx/shapes/value-types.ts";
import { derivativeRule, isConstantOperator } from "./registry.ts";

export interface FindGradientPathOptions {
  readonly graph: Graph;
  readonly types: ValueTypes;
  /** Values whose gradient is wanted. */
  readonly from: readonly string[];
  /** Values that have a gradient from outside: the loss. */
  readonly to: readonly string[];
}

/** The nodes a gradient has to go through. */
export interface GradientPath {
  /** In topological order. */
  readonly nodes: readonly NodeProto[];
  /** Positions of the inputs of such a node that lead on to a wanted value. */
  inputsOf(node: NodeProto): readonly number[];
}

/**
 * The nodes between wanted values and the loss. Integers, conditions and shapes carry no gradient and end the search.
 * Throws AppError `invalid_artifact` when a node among them has no derivative rule.
 */
export function findGradientPath({ graph, types, from, to }: FindGradientPathOptions): GradientPath {
  const sorted = graph.sortedNodes();
  /** Values that depend on a wanted one, and the value each does so through. */
  const active = new Map<string, string | undefined>(from.map((value) => [value, undefined]));
  for (const node of sorted) {
    const source = activeInputs(node, active)[0];
    if (source === undefined || isConstantOperator(node)) {
      continue;
    }
    for (const output of node.output.filter((name) => !active.has(name) && carriesGradient(types, name))) {
      active.set(output, node.input[source]);
    }
  }
  const needed = new Set(to);
  const nodes: NodeProto[] = [];
  for (const node of sorted.toReversed()) {
    if (!node.output.some((output) => needed.has(output) && active.has(output)) || isConstantOperator(node)) {
      continue;
    }
    const leading = activeInputs(node, active).filter((index) => carriesGradient(types, node.input[index] ?? ""));
    if (leading.length > 0) {
      requireRules({ graph, node, leading, active, to });
      nodes.push(node);
    }
    for (const index of leading) {
      needed.add(node.input[index] ?? "");
    }
  }
  return { nodes: nodes.toReversed(), inputsOf: (node) => leadingInputs(node, active, types) };
}

function leadingInputs(node: NodeProto, active: ReadonlyMap<string, unknown>, types: ValueTypes): readonly number[] {
  return activeInputs(node, active).filter(
    (index) => carriesGradient(types, node.input[index] ?? "") && derivativeRule(node)?.input(index) !== undefined,
  );
}

function activeInputs(node: NodeProto, active: ReadonlyMap<string, unknown>): readonly number[] {
  return node.input.flatMap((name, index) => (active.has(name) ? [index] : []));
}

function carriesGradient(types: ValueTypes, value: string): boolean {
  const type = types.of(value);
  return type.dataType === undefined || isFloat(type);
}

interface RequireRulesOptions {
  readonly graph: Graph;
  readonly node: NodeProto;
  readonly leading: readonly number[];
  readonly active: ReadonlyMap<string, string | undefined>;
  readonly to: readonly string[];
}

function requireRules({ graph, node, leading, active, to }: RequireRulesOptions): void {
  const rule = derivativeRule(node);
  const missing = leading.find((index) => rule?.input(index) === undefined);
  if (missing === undefined) {
    return;
  }
  const value = node.input[missing] ?? "";
  const what = rule === undefined ? "has no derivative rule" : `has no derivative for its input ${missing}`;
  const operator = node.domain === "" ? node.opType : `${node.domain}.${node.opType}`;
  const path = [...shorten(pathFrom(graph, value, active)), `[${operator}]`, ...shorten(pathTo(graph, node, to))];
  throw new AppError(
    "invalid_artifact",
    `operator ${operator} of node "${node.name}" ${what}, but a gradient has to pass it: ${path.join(" → ")}; add a rule in training/autodiff/rules, or freeze what lies before it`,
  );
}

/** From a wanted value to this one: its name, then operators. */
function pathFrom(graph: Graph, value: string, active: ReadonlyMap<string, string | undefined>): string[] {
  const path: string[] = [];
  for (let name: string | undefined = value; name !== undefined; name = active.get(name)) {
    path.unshift(active.get(name) === undefined ? name : (graph.producer(name)?.opType ?? name));
  }
  return path;
}

/** From a node to the loss along the first readers that lead there. */
function pathTo(graph: Graph, start: NodeProto, to: readonly string[]): string[] {
  const before = new Map<NodeProto, NodeProto | undefined>([[start, undefined]]);
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const end = node.output.find((output) => to.includes(output));
    if (end !== undefined) {
      const path = [end];
      for (let at: NodeProto | undefined = node; at !== undefined && at !== start; at = before.get(at)) {
        path.unshift(at.opType);
      }
      return path;
    }
    for (const reader of node.output.flatMap((output) => graph.consumers(output))) {
      if (!before.has(reader)) {
        before.set(reader, node);
        queue.push(reader);
      }
    }
  }
  return [];
}

const SHOWN_STEPS = 4;

function shorten(path: readonly string[]): readonly string[] {
  const skipped = path.length - 2 * SHOWN_STEPS;
  const isLong = skipped > 1;
  return isLong ? [...path.slice(0, SHOWN_STEPS), `… ${skipped} more …`, ...path.slice(-SHOWN_STEPS)] : path;
}
