import { intAttribute, intsAttribute } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import type { AttributeProto } from "../onnx/proto.ts";
import { createFloatScalar, createInt64List, createTensor } from "../onnx/tensor.ts";
import { LARGEST_CODES, REST_CODES } from "./input-scheme.ts";
import type { InputScheme } from "./input-scheme.ts";

/** Values of the graph that hold a quantised input: Σ (codes - zeroPoint) * share over the terms, times steps. */
export interface InputCodes {
  readonly terms: readonly InputTerm[];
  /** float, of the input's shape with a last dimension of 1: one step a row. */
  readonly steps: string;
}

interface InputTerm {
  /** uint8, of the input's shape. */
  readonly codes: string;
  /** Constant uint8 scalar. */
  readonly zeroPoint: string;
  /** What a code is of a step: 1 in the first term. */
  readonly share: number;
}

export interface AddInputCodesOptions {
  readonly graph: Graph;
  readonly value: string;
  readonly scheme: InputScheme;
  /** Version of the ONNX operator set, 11 or later. */
  readonly opset: number;
}

/** Step of a row of zeros. Far below any real one, far above the denormal numbers. */
const SMALLEST_STEP = 1e-20;

/**
 * Adds the nodes that turn each row (token) of a value into codes by its own range; the (smoothed) value is the sum of the
 * terms. The first has step = max(high / (largestCode - zeroPoint), low / -zeroPoint) and
 * code = floor(x / step + zeroPoint + 1/2); the second codes what the first has rounded away.
 * Rows are independent, so an embedding does not depend on what else is in its batch, as it does with
 * `DynamicQuantizeLinear`, whose one range spans the batch. Operators of opset 11 and later; the extreme values map to
 * the first and the last code exactly, so that `Cast`, which does not saturate, is safe.
 */
export function addInputCodes({ graph, value, scheme, opset }: AddInputCodesOptions): InputCodes {
  const { smoothing, zeroPoint, terms } = scheme;
  const largestCode = LARGEST_CODES[terms];
  const { name, constant, compute } = nodeAdder(graph, value);
  const toUint8 = [intAttribute("to", DATA_TYPE.uint8)];
  const smoothed =
    smoothing === undefined ? value : compute("Mul", [value, addInverse(graph, name, smoothing)], "smoothed");
  const reduce = (opType: string, suffix: string): string => {
    if (opset < AXES_ARE_INPUT_OPSET) {
      return compute(opType, [smoothed], suffix, [intsAttribute("axes", [-1]), KEEP_DIMS]);
    }
    const axes = createInt64List(name(`${suffix}_axes`), [-1]);
    graph.addInitializer(axes);
    return compute(opType, [smoothed, axes.name], suffix, [KEEP_DIMS]);
  };
  const high = reduce("ReduceMax", "high");
  const low = reduce("ReduceMin", "low");
  const steps = compute(
    "Max",
    [
      compute("Mul", [high, constant("per_high", 1 / (largestCode - zeroPoint))], "step_high"),
      compute("Mul", [low, constant("per_low", -1 / zeroPoint)], "step_low"),
      constant("smallest_step", SMALLEST_STEP),
    ],
    "steps",
  );
  const scaled = compute("Div", [smoothed, steps], "scaled");
  const shifted = compute("Add", [scaled, constant("shift", zeroPoint + 0.5)], "shifted");
  const codes = compute("Cast", [shifted], "codes", toUint8);
  const first = { codes, zeroPoint: addZeroPoint(graph, name, zeroPoint), share: 1 };
  if (terms === 1) {
    return { terms: [first], steps };
  }
  // What the cast cut off is the rounding error plus 1/2, in steps: 0 to 1 becomes 1 to 127, 1/2 the zero point.
  const whole = compute("Cast", [codes], "whole", [intAttribute("to", DATA_TYPE.float)]);
  const rest = compute("Sub", [shifted, whole], "rest");
  const restScaled = compute("Mul", [rest, constant("rest_codes", REST_CODES)], "rest_scaled");
  const restShifted = compute(
    "Add",
    [restScaled, constant("rest_shift", REST_ZERO_POINT - REST_CODES / 2 + 0.5)],
    "rest_shifted",
  );
  const second = {
    codes: compute("Cast", [restShifted], "rest_codes", toUint8),
    zeroPoint: addZeroPoint(graph, name, REST_ZERO_POINT),
    share: 1 / REST_CODES,
  };
  return { terms: [first, second], steps };
}

const REST_ZERO_POINT = 64;

const KEEP_DIMS = intAttribute("keepdims", 1);
/** From here on ReduceMax and ReduceMin take their axes as an input. */
const AXES_ARE_INPUT_OPSET = 18;

interface NodeAdder {
  readonly name: (suffix: string) => string;
  readonly constant: (suffix: string, number: number) => string;
  readonly compute: (
    opType: string,
    inputs: readonly string[],
    suffix: string,
    attributes?: readonly AttributeProto[],
  ) => string;
}

/** Adds nodes and constants whose names start with that of a value. */
function nodeAdder(graph: Graph, value: string): NodeAdder {
  const name = (suffix: string): string => graph.uniqueName(`${value}_${suffix}`);
  return {
    name,
    constant(suffix, number) {
      const tensor = createFloatScalar(name(suffix), number);
      graph.addInitializer(tensor);
      return tensor.name;
    },
    compute(opType, inputs, suffix, attributes = []) {
      const output = name(suffix);
      graph.addNode({ opType, inputs, outputs: [output], attributes });
      return output;
    },
  };
}

function addZeroPoint(graph: Graph, name: (suffix: string) => string, zeroPoint: number): string {
  const tensor = createTensor(name("zero_point"), "uint8", [], Uint8Array.of(zeroPoint));
  graph.addInitializer(tensor);
  return tensor.name;
}

function addInverse(graph: Graph, name: (suffix: string) => string, smoothing: Float32Array): string {
  const inverse = smoothing.map((factor) => 1 / factor);
  const tensor = createTensor(name("inverse_smoothing"), "float", [inverse.length], inverse);
  graph.addInitializer(tensor);
  return tensor.name;
}
