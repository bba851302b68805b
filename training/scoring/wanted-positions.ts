import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { intAttribute } from "../onnx/attributes.ts";
import { createValueInfoProto } from "../onnx/codec.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import { Graph } from "../onnx/graph.ts";
import type { ModelProto, NodeProto } from "../onnx/proto.ts";
import { readModel } from "../onnx/reader.ts";
import { encodeModel } from "../onnx/writer.ts";

/** Beyond this a model is run as it is: reading, changing and loading it takes three times its size in memory. */
const MAX_EDITED_BYTES = 1.2e9;

const PRODUCTS = new Set(["MatMul", "MatMulInteger", "MatMulNBits"]);
/** What stands between the output layer's product and the logits: scaling, bias, casts. */
const BETWEEN = new Set(["Add", "Cast", "Div", "Identity", "Mul", "Tanh"]);

/** Log-probabilities of `targets`, (1, wanted, 1) both: of the token after each wanted position. */
export const TARGET_LOG_PROBS = "target_log_probs";

/**
 * A causal LM's file, changed so that only wanted positions go through the output layer, which for a small LM costs as much as
 * all others together: a new input `positions` picks them from the last hidden state. Where logits are float32, the graph tells
 * log-probabilities of given tokens too (`TARGET_LOG_PROBS`), which takes a fifth of the time that JavaScript takes for a vocabulary.
 * Undefined when the file is too large to be changed in memory, or its output layer is not found.
 */
export async function keepWantedPositions(file: string): Promise<Uint8Array | undefined> {
  if ((await totalBytes(file)) > MAX_EDITED_BYTES) {
    return undefined;
  }
  const model = await readModel(file);
  return addWantedPositions(model) ? encodeModel(model) : undefined;
}

/** See `keepWantedPositions`. Returns whether the model was changed. */
export function addWantedPositions(model: ModelProto): boolean {
  const graph = new Graph(model.graph);
  const hidden = outputLayerInput(graph, "logits");
  if (hidden === undefined || graph.inputNames.includes("positions") || graph.consumers(hidden).length !== 1) {
    return false;
  }
  const shape = { dim: [{ dimParam: "wanted" }] };
  model.graph.input.push(
    createValueInfoProto({ name: "positions", type: { tensorType: { elemType: DATA_TYPE.int64, shape } } }),
  );
  const wanted = graph.uniqueName("wanted_hidden_states");
  graph.replaceUses(hidden, wanted);
  graph.addNode({
    opType: "Gather",
    inputs: [hidden, "positions"],
    outputs: [wanted],
    attributes: [intAttribute("axis", 1)], // (batch, position, hidden)
  });
  addTargets(model, graph);
  graph.commit();
  return true;
}

function addTargets(model: ModelProto, graph: Graph): void {
  const logits = model.graph.output.find(({ name }) => name === "logits")?.type;
  if (logits?.tensorType?.elemType !== DATA_TYPE.float || graph.inputNames.includes("targets")) {
    return;
  }
  const shape = { dim: [{ dimParam: "batch" }, { dimParam: "wanted" }, { dimParam: "one" }] };
  const value = (name: string, elemType: number) =>
    createValueInfoProto({ name, type: { tensorType: { elemType, shape } } });
  model.graph.input.push(value("targets", DATA_TYPE.int64));
  model.graph.output.push(value(TARGET_LOG_PROBS, DATA_TYPE.float));
  const all = graph.uniqueName("log_probs");
  graph.addNode({ opType: "LogSoftmax", inputs: ["logits"], outputs: [all], attributes: [intAttribute("axis", 2)] });
  graph.addNode({
    opType: "GatherElements",
    inputs: [all, "targets"],
    outputs: [TARGET_LOG_PROBS],
    attributes: [intAttribute("axis", 2)],
  });
}

/** The value that the output layer multiplies: the last hidden state. */
function outputLayerInput(graph: Graph, logits: string): string | undefined {
  let value = logits;
  for (;;) {
    const node = graph.producer(value);
    if (node === undefined) {
      return undefined;
    }
    if (PRODUCTS.has(node.opType)) {
      return beforeQuantizing(graph, node);
    }
    const next = BETWEEN.has(node.opType)
      ? node.input.find((input) => graph.producer(input) !== undefined && graph.constant(input) === undefined)
      : undefined;
    if (next === undefined) {
      return undefined;
    }
    value = next;
  }
}

/** A dynamically quantised product reads codes of the hidden state; the scale is computed from it too. */
function beforeQuantizing(graph: Graph, product: NodeProto): string | undefined {
  const [input] = product.input;
  const quantizer = input === undefined ? undefined : graph.producer(input);
  return quantizer?.opType === "DynamicQuantizeLinear" ? quantizer.input[0] : input;
}

/** Of a model and the files beside it that hold its weights (`model.onnx_data`, `model.onnx.data`). */
async function totalBytes(file: string): Promise<number> {
  const folder = path.dirname(file);
  const names = (await readdir(folder)).filter((name) => name.startsWith(path.basename(file)));
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
