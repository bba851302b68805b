import { floatAttribute, readFloat, readString } from "../../onnx/attributes.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { rule, unary } from "../rule.ts";

/** Nonlinear functions of one element, and of neighbours along an axis. */
export const ACTIVATION_RULES: Readonly<Record<string, Rule>> = {
  Relu: unary(({ build, g }, _, y) => build.mul(g, build.op("Sign", [y]))),
  LeakyRelu: unary((context, x) => {
    const { build, g, node } = context;
    return build.where(isPositive(context, x), g, build.mul(g, build.scalar(readFloat(node, "alpha", 0.01))));
  }),
  Elu: unary((context, x, y) => {
    const { build, g, node } = context;
    const slope = build.add(y, build.scalar(readFloat(node, "alpha", 1)));
    return build.where(isPositive(context, x), g, build.mul(g, slope));
  }),
  Tanh: unary(({ build, g }, _, y) => build.sub(g, build.mul(g, build.mul(y, y)))),
  Sigmoid: unary(({ build, g }, _, y) => build.mul(g, build.sub(y, build.mul(y, y)))),
  Softplus: unary(({ build, g }, x) => build.mul(g, build.op("Sigmoid", [x]))),
  Erf: unary(({ build, g }, x) => {
    const bell = build.exp(build.neg(build.mul(x, x)));
    return build.mul(g, build.mul(bell, build.scalar(2 / Math.sqrt(Math.PI))));
  }),
  Gelu: unary((context, x) =>
    readString(context.node, "approximate", "none") === "tanh" ? tanhGelu(context, x) : exactGelu(context, x),
  ),
  Clip: rule("elementwise", (context) => {
    const { build, g, x } = context;
    const [value = "", low = "", high = ""] = x;
    const above = low === "" ? [] : [build.op("GreaterOrEqual", [value, low])];
    const below = high === "" ? [] : [build.op("LessOrEqual", [value, high])];
    const [first, second] = [...above, ...below];
    if (first === undefined) {
      return g;
    }
    return build.where(second === undefined ? first : build.op("And", [first, second]), g, build.scalar(0));
  }),
};

function isPositive({ build }: RuleContext, x: string): string {
  return build.op("Greater", [x, build.scalar(0)]);
}

/**
 * Of x·Φ(x): g·(Φ(x) + x·φ(x)), with u = x/√2: Φ = ½ + ½·erf u, of which HardSigmoid is one pass over the elements, and
 * x·φ = u / exp u² / √π, which goes to 0 where exp overflows.
 */
function exactGelu({ build, g }: RuleContext, x: string): string {
  const u = build.mul(x, build.scalar(Math.SQRT1_2));
  const halves = [floatAttribute("alpha", 0.5), floatAttribute("beta", 0.5)];
  const cumulative = build.op("HardSigmoid", [build.op("Erf", [u])], halves);
  const bell = build.div(u, build.exp(build.mul(u, u)));
  return build.mul(g, build.add(cumulative, build.mul(bell, build.scalar(1 / Math.sqrt(Math.PI)))));
}

/** Of x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³): g/2·(1 + t + x·(1 − t²)·u′). */
function tanhGelu({ build, g }: RuleContext, x: string): string {
  const [scale, cubic] = [Math.sqrt(2 / Math.PI), 0.044_715];
  const square = build.mul(x, x);
  const inner = build.mul(x, build.add(build.mul(square, build.scalar(scale * cubic)), build.scalar(scale)));
  const t = build.op("Tanh", [inner]);
  const slope = build.add(build.mul(square, build.scalar(3 * scale * cubic)), build.scalar(scale));
  const tail = build.mul(build.mul(x, slope), build.sub(build.scalar(1), build.mul(t, t)));
  return build.mul(build.mul(g, build.scalar(0.5)), build.add(build.add(t, build.scalar(1)), tail));
}
