import { AppError } from "../../src/shared/errors.ts";
import { intAttribute, readInt, readInts } from "./attributes.ts";
import { int64ToNumber } from "./codec.ts";
import { GraphBuilder, MICROSOFT_DOMAIN } from "./graph-builder.ts";
import { Graph } from "./graph.ts";
import type { ModelProto, NodeProto } from "./proto.ts";
import { ValueTypes } from "./shapes/value-types.ts";

/** The operator set of what we write: the first with Gelu, and with reductions that all take their axes as an input. */
export const TRAINING_OPSET = 20;
/** Operators of 11 differ from 20 only in what is converted here, for the operators that encoders use. */
const MIN_OPSET = 11;
/** The newest whose operators are known to be as they were. */
const MAX_OPSET = 23;
/** onnxruntime reads the operator set 20 from this version of the format on. */
export const TRAINING_IR_VERSION = 9;

/**
 * Raises a model to operator set 20, in place, and declares onnxruntime's own operators; newer models stay as they are. From
 * 11 to 20 what matters to encoders is that axes and split sizes moved from attributes to inputs and that Softmax no longer
 * flattens. Throws AppError `invalid_artifact` for operator sets below 11 or above 23, and for a Softmax that did flatten.
 */
export function upgradeOpset(model: ModelProto): void {
  const entry = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const version = entry === undefined ? 0 : int64ToNumber(entry.version);
  if (entry === undefined || version < MIN_OPSET || version > MAX_OPSET) {
    throw new AppError(
      "invalid_artifact",
      `the model uses ONNX operator set ${version}; ${MIN_OPSET} to ${MAX_OPSET} are supported`,
    );
  }
  if (!model.opsetImport.some(({ domain }) => domain === MICROSOFT_DOMAIN)) {
    model.opsetImport.push({ domain: MICROSOFT_DOMAIN, version: 1 });
  }
  if (version >= TRAINING_OPSET) {
    return;
  }
  const graph = new Graph(model.graph);
  const build = new GraphBuilder(graph, { prefix: "upgraded/" });
  for (const node of graph.nodes.filter(({ domain }) => domain === "" || domain === "ai.onnx")) {
    upgradeNode({ graph, build, node, version });
  }
  graph.commit();
  entry.version = TRAINING_OPSET;
  model.irVersion = Math.max(Number(model.irVersion.toString()), TRAINING_IR_VERSION);
}

interface UpgradeNodeOptions {
  readonly graph: Graph;
  readonly build: GraphBuilder;
  readonly node: NodeProto;
  readonly version: number;
}

const TAKES_AXES = /^(?:Squeeze|Unsqueeze|Reduce.*)$/u;

function upgradeNode({ graph, build, node, version }: UpgradeNodeOptions): void {
  const { opType, input, output, name, attribute } = node;
  const rest = (dropped: string): NodeProto["attribute"] => attribute.filter((other) => other.name !== dropped);
  const replace = (fields: {
    readonly inputs: readonly string[];
    readonly attributes: NodeProto["attribute"];
  }): void => {
    graph.removeNode(node);
    graph.addNode({ opType, name, outputs: output, ...fields });
  };
  const axes = readInts(node, "axes");
  if (TAKES_AXES.test(opType) && axes !== undefined) {
    replace({ inputs: [...input, build.int64s(axes)], attributes: rest("axes") });
  }
  if (opType === "Split") {
    const sizes = readInts(node, "split");
    if (sizes !== undefined) {
      replace({ inputs: [...input, build.int64s(sizes)], attributes: rest("split") });
    } else if (input.length === 1 && version < 18) {
      replace({ inputs: input, attributes: [...attribute, intAttribute("num_outputs", output.length)] });
    }
  }
  if (version < 13 && (opType === "Softmax" || opType === "LogSoftmax")) {
    const axis = readInt(node, "axis", 1);
    const rank = new ValueTypes(graph).of(input[0] ?? "").dims?.length;
    if (axis !== -1 && axis + 1 !== rank) {
      throw new AppError(
        "invalid_artifact",
        `${opType} "${name}" of operator set ${version} is over axis ${axis} of ${rank ?? "an unknown number of"} axes, so it flattens; export the model with operator set 13 or later`,
      );
    }
    replace({ inputs: input, attributes: [...rest("axis"), intAttribute("axis", -1)] });
  }
}
