import { scalarValue } from "../../onnx/scalar-value.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { rule, unary, variadic } from "../rule.ts";

/** Sums, products, powers and roots. */
export const ARITHMETIC_RULES: Readonly<Record<string, Rule>> = {
  Add: variadic("elementwise", ({ g }) => g),
  Sum: variadic("elementwise", ({ g }) => g),
  Sub: rule(
    "elementwise",
    ({ g }) => g,
    ({ build, g }) => build.neg(g),
  ),
  Mean: variadic("elementwise", ({ build, g, x }) => build.mul(g, build.scalar(1 / x.length))),
  Mul: rule(
    "elementwise",
    ({ build, g, x: [, b = ""] }) => build.mul(g, b),
    ({ build, g, x: [a = ""] }) => build.mul(g, a),
  ),
  Div: rule(
    "elementwise",
    ({ build, g, x: [, b = ""] }) => build.div(g, b),
    ({ build, g, x: [, b = ""], y: [y = ""] }) => build.neg(build.div(build.mul(g, y), b)),
  ),
  Pow: rule("elementwise", powerBase, ({ build, g, x: [a = ""], y: [y = ""] }) =>
    build.mul(build.mul(g, y), build.log(a)),
  ),
  Neg: unary(({ build, g }) => build.neg(g)),
  Reciprocal: unary(({ build, g }, _, y) => build.neg(build.mul(g, build.mul(y, y)))),
  Sqrt: unary(({ build, g }, _, y) => build.div(build.mul(g, build.scalar(0.5)), y)),
  Exp: unary(({ build, g }, _, y) => build.mul(g, y)),
  Log: unary(({ build, g }, x) => build.div(g, x)),
  Abs: unary(({ build, g }, x) => build.mul(g, build.op("Sign", [x]))),
  Sin: unary(({ build, g }, x) => build.mul(g, build.op("Cos", [x]))),
  Cos: unary(({ build, g }, x) => build.neg(build.mul(g, build.op("Sin", [x])))),
  Identity: unary(({ g }) => g),
  Dropout: unary(({ g }) => g), // exported for inference: it does nothing
  Cast: unary(({ build, g, types }, x) => build.cast(g, types.of(x).dataType)),
};

/** b·a^(b−1); the usual exponents, 2 and 3, as products. */
function powerBase({ build, g, x: [a = "", b = ""] }: RuleContext): string {
  const exponent = scalarValue(build.graph.constant(b));
  if (exponent === 2) {
    return build.mul(build.mul(g, a), build.scalar(2));
  }
  if (exponent === 3) {
    return build.mul(build.mul(g, build.mul(a, a)), build.scalar(3));
  }
  const power = build.cast(b); // an exponent may be of another type
  return build.mul(g, build.mul(power, build.op("Pow", [a, build.sub(power, build.scalar(1))])));
}
