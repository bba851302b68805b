import type { NodeProto } from "../onnx/proto.ts";
import type { Rule } from "./rule.ts";
import { ACTIVATION_RULES } from "./rules/activations.ts";
import { ARITHMETIC_RULES } from "./rules/arithmetic.ts";
import { INDEXING_RULES } from "./rules/indexing.ts";
import { LAYOUT_RULES } from "./rules/layout.ts";
import { MATRIX_RULES } from "./rules/matrix.ts";
import { NORMALIZATION_RULES } from "./rules/normalization.ts";
import { REDUCTION_RULES } from "./rules/reduction.ts";
import { SELECTION_RULES } from "./rules/selection.ts";

/** The derivative rule of every operator that has one, by family. */
export const RULE_FAMILIES = {
  arithmetic: ARITHMETIC_RULES,
  activations: ACTIVATION_RULES,
  matrix: MATRIX_RULES,
  normalization: NORMALIZATION_RULES,
  reduction: REDUCTION_RULES,
  layout: LAYOUT_RULES,
  indexing: INDEXING_RULES,
  selection: SELECTION_RULES,
} as const satisfies Record<string, Readonly<Record<string, Rule>>>;

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.values(RULE_FAMILIES).flatMap((family) => Object.entries(family)),
);

/** Operators whose result does not change with their input, almost everywhere, or is no number that a loss depends on. */
const CONSTANT_OPERATORS: ReadonlySet<string> = new Set(
  "ArgMax ArgMin Ceil ConstantOfShape Equal EyeLike Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual NonZero Not OneHot RandomNormalLike Round Shape Sign Size".split(
    " ",
  ),
);

const MICROSOFT_OPERATORS: ReadonlySet<string> = new Set(["FusedMatMul", "Gelu", "SimplifiedLayerNormalization"]);

/** The rule of a node's operator; undefined when there is none. */
export function derivativeRule({ opType, domain }: NodeProto): Rule | undefined {
  const isKnown = domain === "" || domain === "ai.onnx" || MICROSOFT_OPERATORS.has(opType);
  return isKnown ? RULES.get(opType) : undefined;
}

/** Whether no gradient flows through a node. */
export function isConstantOperator({ opType }: NodeProto): boolean {
  return CONSTANT_OPERATORS.has(opType);
}

export function hasDerivativeRule(node: NodeProto): boolean {
  return derivativeRule(node) !== undefined;
}
