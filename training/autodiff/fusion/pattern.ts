import type { Graph } from "../../onnx/graph.ts";
import type { NodeProto } from "../../onnx/proto.ts";
import { scalarValue } from "../../onnx/scalar-value.ts";

/** Questions about the shape of a graph that recognising a pattern asks. */
export class Pattern {
  readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The node that makes a value, when it is of one of these operators. */
  producer(value: string | undefined, ...opTypes: readonly string[]): NodeProto | undefined {
    const node = value === undefined ? undefined : this.graph.producer(value);
    return node !== undefined && node.domain === "" && opTypes.includes(node.opType) ? node : undefined;
  }

  /** The value of a constant of one element. */
  scalar(value: string | undefined): number | undefined {
    return value === undefined ? undefined : scalarValue(this.graph.constant(value));
  }

  /** Whether a value is this scalar, up to the rounding of exporters. */
  isScalar(value: string | undefined, expected: number): boolean {
    const got = this.scalar(value);
    return got !== undefined && Math.abs(got - expected) <= 1e-5 * Math.abs(expected);
  }

  /** The two inputs of a commutative node in the order in which `first` holds of the one; undefined when of neither. */
  operands(node: NodeProto | undefined, first: (value: string) => boolean): readonly [string, string] | undefined {
    const [a = "", b = ""] = node?.input ?? [];
    if (node === undefined || node.input.length !== 2) {
      return undefined;
    }
    if (first(a)) {
      return [a, b];
    }
    return first(b) ? [b, a] : undefined;
  }
}

/** Replaces the node that ends a pattern by one that makes the same value. What led to it goes when nothing else reads it. */
export function replaceEnd(graph: Graph, end: NodeProto, fields: Omit<Parameters<Graph["addNode"]>[0], "name">): void {
  graph.removeNode(end);
  graph.addNode({ ...fields, name: end.name });
}
