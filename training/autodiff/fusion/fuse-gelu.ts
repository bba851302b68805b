import type { Graph } from "../../onnx/graph.ts";
import type { NodeProto } from "../../onnx/proto.ts";
import { Pattern, replaceEnd } from "./pattern.ts";

/**
 * Replaces what exporters write for the exact GELU, x · (1 + erf(x / √2)) · ½ in any order of the factors, by the operator.
 * Returns how many.
 */
export function fuseGelu(graph: Graph): number {
  let count = 0;
  for (const end of graph.nodes) {
    const x = end.domain === "" && end.opType === "Mul" ? match(new Pattern(graph), end) : undefined;
    if (x !== undefined) {
      replaceEnd(graph, end, { opType: "Gelu", inputs: [x], outputs: end.output });
      count += 1;
    }
  }
  return count;
}

/** x, when a product is x · ½ · (1 + erf(x / √2)). */
function match(pattern: Pattern, end: NodeProto): string | undefined {
  const factors = end.input.flatMap((value) => pattern.producer(value, "Mul")?.input ?? [value]);
  const all = factors.length === 3 ? factors : [];
  const half = all.findIndex((value) => pattern.isScalar(value, 0.5));
  const bell = all.findIndex((value) => onePlusErfOf(pattern, value) !== undefined);
  const x = all.find((_, index) => index !== half && index !== bell);
  return half !== -1 && bell !== -1 && x !== undefined && onePlusErfOf(pattern, all[bell] ?? "") === x ? x : undefined;
}

/** x, when a value is 1 + erf(x / √2). */
function onePlusErfOf(pattern: Pattern, value: string): string | undefined {
  const sum = pattern.operands(pattern.producer(value, "Add"), (term) => pattern.isScalar(term, 1));
  const [argument] = pattern.producer(sum?.[1], "Erf")?.input ?? [];
  const quotient = pattern.producer(argument, "Div");
  if (quotient !== undefined) {
    return pattern.isScalar(quotient.input[1], Math.SQRT2) ? quotient.input[0] : undefined;
  }
  return pattern.operands(pattern.producer(argument, "Mul"), (factor) => pattern.isScalar(factor, Math.SQRT1_2))?.[1];
}
