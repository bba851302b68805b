import { readInt } from "../attributes.ts";
import { dataTypeName } from "../data-type.ts";
import type { DataTypeName } from "../data-type.ts";
import type { ShapeRule, ShapeRuleContext } from "./shape-rule.ts";
import { single, typed } from "./shape-rule.ts";
import { broadcastDims } from "./value-type.ts";
import type { Dim, ValueType } from "./value-type.ts";

const same = single((_, { dataType, dims }) => typed(dataType, dims));
const unchanged = single((_, x) => x);
/** The first output is like the input; of the others nothing is said. */
const firstIsSame: ShapeRule = ({ inputs: [x = {}], node }) => node.output.map((_, index) => (index === 0 ? x : {}));

/** Operators of one input, or whose other inputs only tune them. */
export const ELEMENTWISE_SHAPES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(
    "Abs Acos Asin Atan Ceil Celu Clip Cos CumSum Elu Erf Exp FastGelu Floor Gelu HardSigmoid HardSwish Hardmax LeakyRelu Log LogSoftmax LpNormalization Mish Neg PRelu QuickGelu Reciprocal Relu Round ScatterElements ScatterND Selu Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu"
      .split(" ")
      .map((name) => [name, same]),
  ),
  Identity: unchanged,
  Dropout: firstIsSame,
  Not: single((_, { dims }) => typed("bool", dims)),
  IsNaN: single((_, { dims }) => typed("bool", dims)),
  IsInf: single((_, { dims }) => typed("bool", dims)),
  Cast: single(({ node }, { dims, elements }) => ({
    dataType: dataTypeName(readInt(node, "to", 0)),
    dims,
    elements,
  })),
  CastLike: single(({ inputs }, { dims }) => typed(inputs[1]?.dataType, dims)),
  ...broadcasting("Sum Mean Min Max Mod BitShift BiasGelu"),
  Pow: single((context, { dataType }) => typed(dataType, commonDims(context))),
  Add: arithmetic((a, b) => a + b, 0),
  Sub: arithmetic((a, b) => a - b, 0),
  Mul: arithmetic((a, b) => a * b, 1),
  // Integers: ONNX truncates as C does.
  Div: arithmetic((a, b) => Math.trunc(a / b), 1),
  ...broadcasting("Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor", "bool"),
  Where: single((context) => {
    const [condition, a, b] = context.inputs;
    const chosen = condition?.elements?.map((flag, index) =>
      flag === 1 ? element(a, index) : flag === 0 ? element(b, index) : undefined,
    );
    const elements = chosen?.every((value) => value !== undefined) ? chosen : undefined;
    return { dataType: a?.dataType ?? b?.dataType, dims: commonDims(context), elements };
  }),
};

function element(value: ValueType | undefined, index: number): Dim | undefined {
  return value?.elements?.length === 1 ? value.elements[0] : value?.elements?.[index];
}

function broadcasting(names: string, dataType?: DataTypeName): Record<string, ShapeRule> {
  const rule = single((context, first) => {
    const dims = commonDims(context);
    const elements = dataType === "bool" && context.node.opType === "Equal" ? equalElements(context) : undefined;
    return { dataType: dataType ?? first.dataType, dims, elements };
  });
  return Object.fromEntries(names.split(" ").map((name) => [name, rule]));
}

/** Exporters compare shapes with -1 and choose by the result: 1 and 0 where that can be decided. */
function equalElements({ inputs: [a, b], fresh }: ShapeRuleContext): readonly Dim[] | undefined {
  if (a?.elements === undefined || b?.elements === undefined) {
    return undefined;
  }
  return Array.from({ length: Math.max(a.elements.length, b.elements.length) }, (_, index) => {
    const [left, right] = [element(a, index), element(b, index)];
    if (left === right) {
      return 1;
    }
    const isDecided = (typeof left === "number" && typeof right === "number") || isNegative(left) || isNegative(right); // a size is never negative
    return isDecided ? 0 : fresh(index);
  });
}

function isNegative(value: Dim | undefined): boolean {
  return typeof value === "number" && value < 0;
}

function arithmetic(compute: (a: number, b: number) => number, neutral: number): ShapeRule {
  return single((context, first) => {
    const { inputs, fresh } = context;
    const dataType = first.dataType ?? inputs[1]?.dataType;
    const dims = commonDims(context);
    const [left, right] = [inputs[0]?.elements, inputs[1]?.elements];
    if (left === undefined || right === undefined || dataType !== "int64") {
      return typed(dataType, dims);
    }
    const elements = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
      const a = element(inputs[0], index) ?? fresh(index);
      const b = element(inputs[1], index) ?? fresh(index);
      if (typeof a === "number" && typeof b === "number") {
        return compute(a, b);
      }
      return b === neutral ? a : fresh(index);
    });
    return { dataType, dims, elements };
  });
}

function commonDims({ inputs, fresh }: ShapeRuleContext): readonly Dim[] | undefined {
  let dims: readonly Dim[] | undefined = [];
  for (const input of inputs) {
    dims = input.dims === undefined || dims === undefined ? undefined : broadcastDims(dims, input.dims, fresh);
  }
  return dims;
}
