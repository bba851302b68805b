import { intAttribute, intsAttribute } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import type { AttributeProto } from "../onnx/proto.ts";
import { createFloatScalar, createInt64List, createTensor } from "../onnx/tensor.ts";
import type { InputScheme } from "./input-scheme.ts";

/** Values of the graph that hold a quantised input. */
export interface InputCodes {
  /** uint8, of the input's shape. */
  readonly codes: string;
  /** Constant uint8 scalar. */
  readonly zeroPoint: string;
  /** float, of the input's shape with a last dimension of 1: one step a row. */
  readonly steps: string;
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
 * Adds the nodes that turn each row (token) of a value into codes by its own range:
 * step = max(high / (255 - zeroPoint), low / -zeroPoint), code = floor(x / step + zeroPoint + 1/2).
 * Rows are independent, so an embedding does not depend on what else is in its batch, as it does with
 * `DynamicQuantizeLinear`, whose one range spans the batch. Operators of opset 11 and later; the extreme values map to
 * codes 0 and 255 exactly, so that `Cast`, which does not saturate, is safe.
 */
export function addInputCodes({ graph, value, scheme, opset }: AddInputCodesOptions): InputCodes {
  const { smoothing, zeroPoint } = scheme;
  const name = (suffix: string): string => graph.uniqueName(`${value}_${suffix}`);
  const constant = (suffix: string, number: number): string => {
    const tensor = createFloatScalar(name(suffix), number);
    graph.addInitializer(tensor);
    return tensor.name;
  };
  const compute = (opType: string, inputs: readonly string[], suffix: string, attributes = NO_ATTRIBUTES): string => {
    const output = name(suffix);
    graph.addNode({ opType, inputs, outputs: [output], attributes });
    return output;
  };
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
      compute("Mul", [high, constant("per_high", 1 / (255 - zeroPoint))], "step_high"),
      compute("Mul", [low, constant("per_low", -1 / zeroPoint)], "step_low"),
      constant("smallest_step", SMALLEST_STEP),
    ],
    "steps",
  );
  const scaled = compute("Div", [smoothed, steps], "scaled");
  const shifted = compute("Add", [scaled, constant("shift", zeroPoint + 0.5)], "shifted");
  const codes = compute("Cast", [shifted], "codes", [intAttribute("to", DATA_TYPE.uint8)]);
  const zeroPointTensor = createTensor(name("zero_point"), "uint8", [], Uint8Array.of(zeroPoint));
  graph.addInitializer(zeroPointTensor);
  return { codes, zeroPoint: zeroPointTensor.name, steps };
}

const NO_ATTRIBUTES: readonly AttributeProto[] = [];
const KEEP_DIMS = intAttribute("keepdims", 1);
/** From here on ReduceMax and ReduceMin take their axes as an input. */
const AXES_ARE_INPUT_OPSET = 18;

function addInverse(graph: Graph, name: (suffix: string) => string, smoothing: Float32Array): string {
  const inverse = smoothing.map((factor) => 1 / factor);
  const tensor = createTensor(name("inverse_smoothing"), "float", [inverse.length], inverse);
  graph.addInitializer(tensor);
  return tensor.name;
}
