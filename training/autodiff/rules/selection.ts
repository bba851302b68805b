import { intAttribute, readInt } from "../../onnx/attributes.ts";
import type { InputRule, Rule, RuleContext } from "../rule.ts";
import { rule, variadic } from "../rule.ts";

/** Operators that let some elements through. */
export const SELECTION_RULES: Readonly<Record<string, Rule>> = {
  Where: rule(
    "elementwise",
    undefined,
    ({ build, g, x: [condition = ""] }) => build.where(condition, g, build.scalar(0)),
    ({ build, g, x: [condition = ""] }) => build.where(condition, build.scalar(0), g),
  ),
  // Equal inputs share the gradient, as in PyTorch.
  Max: variadic("elementwise", shareOfWinners),
  Min: variadic("elementwise", shareOfWinners),
  Trilu: rule("exact", (context) => {
    const { build, node, x } = context;
    return build.op("Trilu", [context.g, ...x.slice(1)], [intAttribute("upper", readInt(node, "upper", 1))]);
  }),
};

function shareOfWinners({ build, g, x, y: [y = ""] }: RuleContext, index: number): ReturnType<InputRule> {
  const isWinner = x.map((value) => build.cast(build.op("Equal", [value, y])));
  const count = isWinner.reduce((sum, wins) => build.add(sum, wins));
  return build.div(build.mul(g, isWinner[index] ?? ""), count);
}
