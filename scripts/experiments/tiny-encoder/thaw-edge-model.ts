import { readModelHeader } from "../../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../../src/encoder/engine/model-layout.ts";
import type { ProductSections, Section } from "../../../src/encoder/engine/model-layout.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { Graph } from "../../../training/onnx/graph.ts";
import type { ModelProto } from "../../../training/onnx/proto.ts";
import { createTensor, readFloatTensor, tensorDims } from "../../../training/onnx/tensor.ts";
import { BERT_FAMILIES } from "../../../training/quantization/edge/bert-names.ts";
import { matrixProducts } from "../../../training/quantization/quantize-model.ts";

/** float32 values of a matrix (inputs, outputs) and of what is added to it. */
interface Thawed {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * A graph of BERT with the weights of an edge model of as many layers: what was rounded to int8 becomes float32 again, to train
 * from where a model stood of which nothing else is left. Smoothing goes back into the weights; what it did to the values that
 * attention sums stays, since the product after them undoes it. Throws AppError `invalid_artifact` when sizes differ.
 */
export function thawEdgeModel(file: Uint8Array, model: ModelProto, layers: readonly number[]): ModelProto {
  const own = new Uint8Array(file); // of a Buffer, slices would share memory
  const header = readModelHeader(own);
  const layout = modelLayout(header);
  const names = BERT_FAMILIES.bert;
  const { hidden, heads, headSize, vocabulary } = header;
  if (header.layers !== layers.length || heads * headSize !== hidden) {
    throw new AppError(
      "invalid_artifact",
      `the edge model has ${header.layers} layers and ${heads} heads of ${headSize}, expected ${layers.length} layers and heads without padding`,
    );
  }
  const floats = ({ offset, bytes }: Section): Float32Array =>
    new Float32Array(own.slice(offset, offset + bytes).buffer);
  const codes = ({ offset, bytes }: Section): Int8Array => new Int8Array(own.slice(offset, offset + bytes).buffer);
  const values = new Map<string, Float32Array>();
  const steps = floats(layout.wordSteps);
  const words = codes(layout.words);
  const typeOfToken = readFloatTensor(initializerOf(model, names.tokenTypes)).data;
  values.set(
    names.words,
    Float32Array.from(
      { length: vocabulary * hidden },
      (_, at) => (words[at] ?? 0) * (steps[Math.floor(at / hidden)] ?? 0),
    ),
  );
  values.set(
    names.positions,
    floats(layout.positions).map((value, at) => value - (typeOfToken[at % hidden] ?? 0)),
  );
  const norm = (name: string, { gamma, beta }: { readonly gamma: Section; readonly beta: Section }): void => {
    values.set(`${name}.weight`, floats(gamma));
    values.set(`${name}.bias`, floats(beta));
  };
  const weightNames = weightsByBias(model);
  const product = (name: string, { weights, bias }: Thawed): void => {
    const own = [...weightNames.keys()].find((key) => key.endsWith(`${name}.bias`)) ?? "";
    values.set(weightNames.get(own) ?? name, weights);
    values.set(`${name}.bias`, bias);
  };
  norm(names.embeddingNorm, layout.embeddingNorm);
  for (const [index, sections] of layout.layers.entries()) {
    const at = (pattern: string): string => pattern.replace("#", String(layers[index]));
    const [query, key, value] = split(thaw(sections.attention, { floats, codes }), 3);
    for (const [name, part] of [
      [names.query, query],
      [names.key, key],
      [names.value, value],
      [names.attentionOutput, thaw(sections.attentionOutput, { floats, codes })],
      [names.up, thaw(sections.up, { floats, codes })],
      [names.down, thaw(sections.down, { floats, codes })],
    ] as const) {
      if (part !== undefined) {
        product(at(name), part);
      }
    }
    norm(at(names.attentionNorm), sections.attentionNorm);
    norm(at(names.outputNorm), sections.outputNorm);
  }
  return withValues(model, values);
}

interface Reading {
  readonly floats: (section: Section) => Float32Array;
  readonly codes: (section: Section) => Int8Array;
}

/** Undoes `packProduct`: codes lie in panels of four columns by groups of four inputs. */
function thaw(sections: ProductSections, { floats, codes }: Reading): Thawed {
  const { inputs, outputs } = sections;
  const [packed, steps] = [codes(sections.weights), floats(sections.steps)];
  const smoothing = sections.smoothing === undefined ? undefined : floats(sections.smoothing);
  const weights = new Float32Array(inputs * outputs);
  for (let column = 0; column < outputs; column += 1) {
    const panel = Math.floor(column / 4) * 4 * inputs + (column % 4) * 4;
    for (let row = 0; row < inputs; row += 1) {
      const code = packed[panel + Math.floor(row / 4) * 16 + (row % 4)] ?? 0;
      weights[row * outputs + column] = code * (steps[column] ?? 0) * (smoothing?.[row] ?? 1);
    }
  }
  return { weights, bias: floats(sections.bias) };
}

/** A product's columns in so many equal parts. */
function split({ weights, bias }: Thawed, parts: number): Thawed[] {
  const outputs = bias.length;
  const width = outputs / parts;
  return Array.from({ length: parts }, (_, part) => ({
    weights: weights.filter((_weight, at) => Math.floor((at % outputs) / width) === part),
    bias: bias.slice(part * width, (part + 1) * width),
  }));
}

/** Names of constant matrices, by the name of the bias that is added to their product. */
function weightsByBias(model: ModelProto): ReadonlyMap<string, string> {
  const graph = new Graph(model.graph);
  return new Map(
    matrixProducts(graph).flatMap(({ node, weightName }) => {
      const [addition] = graph.consumers(node.output[0] ?? "");
      const bias = addition?.input.find((term) => graph.initializer(term) !== undefined);
      return bias === undefined ? [] : [[bias, weightName] as const];
    }),
  );
}

function initializerOf({ graph }: ModelProto, name: string): ModelProto["graph"]["initializer"][number] {
  const found = graph.initializer.find((tensor) => tensor.name === name || tensor.name.endsWith(`.${name}`));
  if (found === undefined) {
    throw new AppError(
      "invalid_artifact",
      `the graph has no ${name}; it is to be BERT's, as Hugging Face's exporter writes it`,
    );
  }
  return found;
}

function withValues(model: ModelProto, values: ReadonlyMap<string, Float32Array>): ModelProto {
  const replaced = new Map([...values].map(([name, data]) => [initializerOf(model, name).name, data]));
  const initializer = model.graph.initializer.map((tensor) => {
    const data = replaced.get(tensor.name);
    return data === undefined ? tensor : createTensor(tensor.name, "float", tensorDims(tensor), data);
  });
  return { ...model, graph: { ...model.graph, initializer } };
}
