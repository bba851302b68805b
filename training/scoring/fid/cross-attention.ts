import { AppError } from "../../../src/shared/errors.ts";
import { createValueInfoProto } from "../../onnx/codec.ts";
import { DATA_TYPE } from "../../onnx/data-type.ts";
import { Graph } from "../../onnx/graph.ts";
import type { ModelProto, NodeProto } from "../../onnx/proto.ts";

/** The decoder's input that the cross-attention of every layer reads. */
export const ENCODER_STATES = "encoder_hidden_states";

/** Values of one decoder layer, by their names in the graph. */
export interface CrossAttentionLayer {
  /** `q . k` before scale, bias, mask and softmax: (batch, heads, decoder length, encoder length). */
  readonly logits: string;
  /** (batch, heads, encoder length, head size). */
  readonly values: string;
}

/** What may stand between `q . k` and the softmax, and between a projection of the encoder's states and its product. */
const TO_SOFTMAX = new Set(["Add", "Cast", "Identity", "Mul", "Where"]);
const RESHAPING = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]);

/**
 * Makes the cross-attention logits and values of every decoder layer outputs of the graph, in the order of the layers. They are
 * found by structure, not by name: a softmax whose logits are a product with a projection of the encoder's states.
 * @throws AppError `invalid_artifact` when there is none: the attention is fused, quantised, or this is no decoder.
 */
export function exposeCrossAttention(model: ModelProto): readonly CrossAttentionLayer[] {
  const graph = new Graph(model.graph);
  const layers = graph.nodes
    .filter(({ opType }) => opType === "Softmax")
    .flatMap((softmax) => findLayer(graph, softmax) ?? []);
  if (layers.length === 0) {
    throw new AppError(
      "invalid_artifact",
      `no cross-attention to "${ENCODER_STATES}" is in the decoder's graph; export it unfused and unquantised in optimum's layout (encoder_model.onnx, decoder_model.onnx)`,
    );
  }
  const known = new Set(graph.outputNames);
  for (const name of layers.flatMap(({ logits, values }) => [logits, values])) {
    if (!known.has(name)) {
      model.graph.output.push(createValueInfoProto({ name, type: { tensorType: { elemType: DATA_TYPE.float } } }));
    }
  }
  return layers;
}

function findLayer(graph: Graph, softmax: NodeProto): CrossAttentionLayer | undefined {
  const logits = findLogits(graph, softmax.input[0]);
  const values = graph.consumers(softmax.output[0] ?? "").find(({ opType }) => opType === "MatMul")?.input[1];
  return logits === undefined || values === undefined ? undefined : { logits, values };
}

/** Walks up from the softmax, on every branch (the mask is one), to the product with the keys of the encoder's states. */
function findLogits(graph: Graph, value: string | undefined): string | undefined {
  const node = value === undefined ? undefined : graph.producer(value);
  if (node === undefined || value === undefined) {
    return undefined;
  }
  if (node.opType === "MatMul") {
    return isOfEncoderStates(graph, node.input[1]) ? value : undefined;
  }
  if (!TO_SOFTMAX.has(node.opType)) {
    return undefined;
  }
  for (const input of node.input) {
    const found = findLogits(graph, input);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** Whether a value is a projection of the encoder's states, but for its shape. */
function isOfEncoderStates(graph: Graph, value: string | undefined): boolean {
  const node = value === undefined ? undefined : graph.producer(value);
  if (node === undefined) {
    return false;
  }
  return node.opType === "MatMul"
    ? node.input[0] === ENCODER_STATES
    : RESHAPING.has(node.opType) && isOfEncoderStates(graph, node.input[0]);
}
