import { AppError } from "../../../src/shared/errors.ts";
import { intAttribute, readFloat, readInt, readString, stringAttribute } from "../../onnx/attributes.ts";
import type { InputRule, Rule, RuleContext } from "../rule.ts";
import { dimsOf, rule, variadic } from "../rule.ts";

/** Matrix products. C = α·op(A)·op(B) with op the identity or a transposition of the last two axes. */
export const MATRIX_RULES: Readonly<Record<string, Rule>> = {
  MatMul: rule("product", leftFactor(false), rightFactor(false)),
  FusedMatMul: rule("product", leftFactor(false), rightFactor(false)),
  Gemm: rule("product", leftFactor(true), rightFactor(true), ({ build, g, node }) => {
    const beta = readFloat(node, "beta", 1);
    return beta === 1 ? g : build.mul(g, build.scalar(beta));
  }),
  Einsum: variadic("exact", einsumFactor),
};

interface Product {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
}

function readProduct(node: RuleContext["node"]): Product {
  if (readInt(node, "transBatchA", 0) !== 0 || readInt(node, "transBatchB", 0) !== 0) {
    throw new AppError(
      "invalid_artifact",
      `FusedMatMul "${node.name}" permutes batch axes, which has no derivative rule`,
    );
  }
  return {
    transA: readInt(node, "transA", 0) === 1,
    transB: readInt(node, "transB", 0) === 1,
    alpha: readFloat(node, "alpha", 1),
  };
}

function leftFactor(isGemm: boolean): InputRule {
  return (context) => {
    const { b, g, hasVector } = factors(context, isGemm);
    const { transA, transB, alpha } = readProduct(context.node);
    const { build } = context;
    const gradient = transA
      ? build.matMul(b, g, { transposeA: transB, transposeB: true, alpha })
      : build.matMul(g, b, { transposeB: !transB, alpha });
    return hasVector.a ? build.squeeze(gradient, [-2]) : gradient;
  };
}

function rightFactor(isGemm: boolean): InputRule {
  return (context) => {
    const { a, g, hasVector } = factors(context, isGemm);
    const { transA, transB, alpha } = readProduct(context.node);
    const { build, x, y } = context;
    const isWeight = dimsOf(context, x[1] ?? "").length === 2 && dimsOf(context, x[0] ?? "").length > 2 && !transA;
    // All rows of a batch at once: one product instead of one per batch element and their sum.
    const [rows, rowGradients] = isWeight ? [flatten(context, a, x[0]), flatten(context, g, y[0])] : [a, g];
    const gradient = transB
      ? build.matMul(rowGradients, rows, { transposeA: true, transposeB: transA, alpha })
      : build.matMul(rows, rowGradients, { transposeA: !transA, alpha });
    return hasVector.b ? build.squeeze(gradient, [-1]) : gradient;
  };
}

interface Factors {
  readonly a: string;
  readonly b: string;
  readonly g: string;
  readonly hasVector: { readonly a: boolean; readonly b: boolean };
}

/** Both factors and the gradient with at least two axes: a vector is a row on the left and a column on the right. */
function factors(context: RuleContext, isGemm: boolean): Factors {
  const { build, x } = context;
  let [a = "", b = ""] = x;
  let { g } = context;
  const hasVector = {
    a: !isGemm && dimsOf(context, a).length === 1,
    b: !isGemm && dimsOf(context, b).length === 1,
  };
  if (hasVector.b) {
    b = build.unsqueeze(b, [1]);
    g = build.unsqueeze(g, [-1]);
  }
  if (hasVector.a) {
    a = build.unsqueeze(a, [0]);
    g = build.unsqueeze(g, [-2]);
  }
  return { a, b, g, hasVector };
}

/** A value in the shape of `model`, brought to two axes, the last one as it is. */
function flatten(context: RuleContext, value: string, model = value): string {
  const last = dimsOf(context, model).at(-1);
  const { build } = context;
  return typeof last === "number"
    ? build.reshape(value, [-1, last])
    : build.op("Flatten", [value], [intAttribute("axis", -1)]);
}

/** The gradient of a factor is the product of the gradient and the other factors, indexed by the factor's own labels. */
function einsumFactor(context: RuleContext, index: number): string {
  const { build, node, x, g } = context;
  const equation = readString(node, "equation").replaceAll(" ", "");
  const [left = "", out] = equation.split("->");
  const terms = left.split(",");
  const own = terms[index] ?? "";
  const others = terms.filter((_, other) => other !== index);
  const isCovered = own.split("").every((label) => `${out}${others.join("")}`.includes(label));
  if (out === undefined || equation.includes(".") || !isCovered || new Set(own).size !== own.length) {
    throw new AppError("invalid_artifact", `Einsum "${node.name}" of ${equation} has no derivative rule`);
  }
  const factorsOf = [g, ...x.filter((_, other) => other !== index)];
  return build.op("Einsum", factorsOf, [stringAttribute("equation", `${[out, ...others].join(",")}->${own}`)]);
}
