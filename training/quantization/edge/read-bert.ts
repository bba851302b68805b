import { AppError } from "../../../src/shared/errors.ts";
import { Pattern } from "../../autodiff/fusion/pattern.ts";
import { readFloat } from "../../onnx/attributes.ts";
import type { Graph } from "../../onnx/graph.ts";
import type { NodeProto } from "../../onnx/proto.ts";
import { ValueTypes } from "../../onnx/shapes/value-types.ts";
import { readFloatTensor } from "../../onnx/tensor.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import { matrixProducts } from "../quantize-model.ts";
import { BERT_FAMILIES } from "./bert-names.ts";
import type { BertLayer, BertNorm, BertProduct, BertWeights } from "./bert-weights.ts";

/** The default of ONNX's LayerNormalization. */
const DEFAULT_EPSILON = 1e-5;

/**
 * The weights of a BERT encoder, found by the names that Hugging Face's models give them and exporters keep; a product by
 * the bias that is added to it. That a graph with these names also computes
 * what BERT computes is for the caller to measure (`aar quantize` compares embeddings).
 * @throws AppError `invalid_artifact` when the graph is no such encoder.
 */
export function readBert(graph: Graph): BertWeights {
  const weights = new NamedWeights(graph);
  const names = Object.values(BERT_FAMILIES).find(({ query }) => weights.has(`${nameIn(query, 0)}.bias`));
  if (names === undefined) {
    throw noBert("no layer's query has a bias by the names of BERT or DistilBERT");
  }
  const layers: BertLayer[] = [];
  for (const layer of weights.layersOf(names.query)) {
    const product = (name: string): BertProduct => weights.product(nameIn(name, layer));
    layers.push({
      query: product(names.query),
      key: product(names.key),
      value: product(names.value),
      attentionOutput: product(names.attentionOutput),
      attentionNorm: weights.norm(nameIn(names.attentionNorm, layer)),
      up: product(names.up),
      down: product(names.down),
      outputNorm: weights.norm(nameIn(names.outputNorm, layer)),
    });
  }
  const words = weights.tensor(names.words);
  return {
    hidden: words.dims[1] ?? 0,
    heads: headsOf(graph),
    epsilon: epsilonOf(graph, weights.tensor(`${names.embeddingNorm}.weight`).name),
    words: words.data,
    positions: withTokenType(
      weights.tensor(names.positions),
      names.tokenTypes === undefined ? undefined : weights.tensor(names.tokenTypes),
    ),
    embeddingNorm: weights.norm(names.embeddingNorm),
    layers,
  };
}

/** Initializers by the end of their names: a wrapped model puts its own name before. */
class NamedWeights {
  readonly #graph: Graph;
  readonly #names: readonly string[];
  readonly #byBias = new Map<string, BertProduct>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#names = graph.initializers.map(({ name }) => name);
    for (const { node, input, inputs, outputs, weights, bias } of matrixProducts(graph)) {
      const name = bias?.value ?? this.#addedBias(node);
      if (name !== undefined && bias?.factor !== 0) {
        const { data } = readTensorOf(graph, name);
        const factor = bias?.factor ?? 1;
        this.#byBias.set(name, { input, inputs, outputs, weights, bias: data.map((value) => value * factor) });
      }
    }
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  tensor(name: string): Tensor<Float32Array> {
    return readTensorOf(this.#graph, this.#find(name) ?? missing(name));
  }

  norm(name: string): BertNorm {
    return { gamma: this.tensor(`${name}.weight`).data, beta: this.tensor(`${name}.bias`).data };
  }

  product(name: string): BertProduct {
    const bias = this.#find(`${name}.bias`) ?? missing(`${name}.bias`);
    return this.#byBias.get(bias) ?? missing(`a product that ${bias} is added to`);
  }

  /** Numbers of the layers there are, ascending: some may have been taken out. */
  layersOf(pattern: string): number[] {
    const [before = "", after = ""] = `${pattern}.bias`.split("#");
    return this.#names
      .filter((name) => name.includes(before) && name.endsWith(after))
      .map((name) => Number.parseInt(name.slice(name.indexOf(before) + before.length), 10))
      .toSorted((a, b) => a - b);
  }

  #find(name: string): string | undefined {
    return this.#names.find((own) => own === name || own.endsWith(`.${name}`));
  }

  /** Name of the initializer that is added to a product right after it. */
  #addedBias(node: NodeProto): string | undefined {
    const readers = this.#graph.consumers(node.output[0] ?? "");
    const [addition] = readers.length === 1 ? readers : [];
    const terms = addition?.opType === "Add" ? addition.input : [];
    return terms.find((term) => this.#graph.initializer(term) !== undefined);
  }
}

function nameIn(pattern: string, layer: number): string {
  return pattern.replace("#", String(layer));
}

function readTensorOf(graph: Graph, name: string): Tensor<Float32Array> {
  const tensor = graph.initializer(name);
  return tensor === undefined ? missing(name) : readFloatTensor(tensor);
}

/** From the shape (batch, heads, sequence, sequence) that a softmax has. */
function headsOf(graph: Graph): number {
  const types = new ValueTypes(graph);
  for (const { opType, output } of graph.nodes) {
    const dims = opType === "Softmax" ? types.of(output[0] ?? "").dims : undefined;
    const heads = dims?.length === 4 ? dims[1] : undefined;
    if (typeof heads === "number") {
      return heads;
    }
  }
  throw noBert("no softmax of shape (batch, heads, sequence, sequence) tells the number of heads");
}

/** What is added to the variance before the norm's gamma multiplies: x / √(variance + epsilon) · gamma, in one node or in five. */
function epsilonOf(graph: Graph, gamma: string): number {
  const pattern = new Pattern(graph);
  const [reader] = graph.consumers(gamma);
  if (reader?.opType === "LayerNormalization") {
    return readFloat(reader, "epsilon", DEFAULT_EPSILON);
  }
  const quotient = reader?.input.map((value) => pattern.producer(value, "Div")).find((node) => node !== undefined);
  const root = pattern.producer(quotient?.input[1], "Sqrt");
  const sum = pattern.producer(root?.input[0], "Add");
  const epsilon = sum?.input.map((value) => pattern.scalar(value)).find((value) => value !== undefined);
  if (epsilon === undefined) {
    throw noBert(`${gamma} multiplies no layer norm`);
  }
  return epsilon;
}

function withTokenType(
  { data, dims }: Tensor<Float32Array>,
  tokenTypes: Tensor<Float32Array> | undefined,
): Float32Array {
  const width = dims[1] ?? 1;
  return tokenTypes === undefined ? data : data.map((value, index) => value + (tokenTypes.data[index % width] ?? 0));
}

function missing(what: string): never {
  throw noBert(`there is no ${what}`);
}

function noBert(reason: string): AppError {
  return new AppError(
    "invalid_artifact",
    `the graph is no BERT encoder that the edge engine runs: ${reason}; quantise it with --engine onnx`,
  );
}
