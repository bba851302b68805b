import { readInt } from "../onnx/attributes.ts";
import { createModelProto } from "../onnx/codec.ts";
import type { DataTypeName } from "../onnx/data-type.ts";
import { GraphBuilder, MICROSOFT_DOMAIN } from "../onnx/graph-builder.ts";
import { Graph } from "../onnx/graph.ts";
import { mergeDuplicates } from "../onnx/merge-duplicates.ts";
import type { ModelProto } from "../onnx/proto.ts";
import { ValueTypes } from "../onnx/shapes/value-types.ts";
import { TRAINING_IR_VERSION, TRAINING_OPSET } from "../onnx/upgrade-opset.ts";
import { differentiate } from "./differentiate.ts";
import type { EncoderSpec } from "./encoder-spec.ts";
import { appendEncoder, prepareEncoder } from "./encoder-towers.ts";
import { findParameters } from "./find-parameters.ts";
import type { GraphParameter } from "./find-parameters.ts";

/** What a program computes. */
interface ProgramFormula {
  /** Values to read after a run, by the name they are returned under. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Values that gradients start from, see `differentiate`. Default none: forward only. */
  readonly seeds?: ReadonlyMap<string, string>;
}

export interface TrainingProgramOptions {
  /** Without one, `write` computes from feeds alone. */
  readonly encoder?: EncoderSpec;
  /** Weights to train. Default: all that the seeds depend on. */
  readonly isTrained?: (parameter: GraphParameter) => boolean;
  /** Inputs declared by `write` whose gradient is wanted: embeddings, weights of an adapter. Default none. */
  readonly wrt?: readonly string[];
  /**
   * Writes the function. `encode(tower)` adds the encoder once more and returns its embeddings, (texts, dims); its inputs are
   * fed as `<tower>/input_ids` and so on, int64 (texts, sequence). All towers share the weights; sizes differ at will between
   * towers and from run to run.
   */
  readonly write: (build: GraphBuilder, encode: (tower: string) => string) => ProgramFormula;
}

/** Where the gradient of a table's rows is in the graph: one pair for each time that the table is read. */
interface RowGradientValues {
  /** int64; a feed or an output. */
  readonly rows: string;
  /** (…rows, elements of a row). */
  readonly values: string;
}

/** A graph that computes outputs and gradients, and what its names mean. */
export interface TrainingProgram {
  readonly model: ModelProto;
  /** Weights of the encoder, all of them feeds of the graph, trained or not. */
  readonly parameters: readonly GraphParameter[];
  /** Output by its name in `ProgramFormula`. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Graph output that is the gradient of a parameter or of a value of `wrt`. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Tables whose gradient is that of the rows read. */
  readonly rowGradients: ReadonlyMap<string, readonly RowGradientValues[]>;
  readonly nodeCounts: {
    readonly forward: number;
    /** Forward and backward together as the rules wrote them. */
    readonly written: number;
    /** After dead and duplicate nodes went. */
    readonly final: number;
  };
}

/** Tables with more rows than this get the gradient of the rows that were read: most rows were not. */
const MAX_DENSE_ROWS = 2048;

/**
 * Builds the graph of a training step, or of a part of one. Weights are feeds, so that a step needs no new session, and one
 * graph serves batches of any shape.
 * Throws AppError `invalid_artifact` when the model is not supported, or an operator on the way has no derivative rule.
 */
export function buildTrainingProgram(options: TrainingProgramOptions): TrainingProgram {
  const { encoder, isTrained = () => true, wrt = [], write } = options;
  const source = encoder === undefined ? undefined : prepareEncoder(encoder);
  const model = emptyModel(source?.model);
  const graph = new Graph(model.graph);
  const build = new GraphBuilder(graph);
  for (const tensor of source?.model.graph.initializer ?? []) {
    graph.addInitializer(tensor);
  }
  const { outputs, seeds = new Map<string, string>() } = write(build, (tower) => {
    if (source === undefined) {
      throw new TypeError("a program without an encoder cannot encode");
    }
    return appendEncoder({ build, source, tower });
  });
  for (const name of new Set(Object.values(outputs))) {
    graph.addOutput({ name, dataType: new ValueTypes(graph).of(name).dataType ?? build.floatType });
  }
  graph.removeDead(seeds.values());
  const forward = graph.nodes.length;
  const types = new ValueTypes(graph);
  const parameters = findParameters(graph, types).filter(isTrained);
  for (const { name } of parameters) {
    graph.feedInitializer(name);
  }
  const lookups = new Map(parameters.map((parameter) => [parameter.name, rowLookups(graph, parameter)]));
  const wanted = parameters.flatMap(({ name }) => lookups.get(name)?.map(({ values }) => values) ?? [name]);
  const found =
    seeds.size === 0 ? new Map() : differentiate({ build, types, seeds, wrt: [...new Set(wanted), ...wrt] });
  const gradients = new GradientOutputs({ graph, found });
  for (const { name } of parameters) {
    gradients.add(name, lookups.get(name));
  }
  for (const name of wrt) {
    gradients.add(name, undefined);
  }
  const written = graph.nodes.length;
  mergeDuplicates(graph);
  graph.removeDead();
  graph.commit();
  return {
    model,
    parameters,
    outputs: new Map(Object.entries(outputs)),
    gradients: gradients.dense,
    rowGradients: gradients.rows,
    nodeCounts: { forward, written, final: graph.nodes.length },
  };
}

/** Each place that reads rows of a large table, when nothing else reads it; undefined for other weights. */
function rowLookups(graph: Graph, { name, dims }: GraphParameter): readonly RowGradientValues[] | undefined {
  const readers = graph.consumers(name);
  const isTable = readers.every(
    (node) =>
      node.opType === "Gather" && node.input[0] === name && node.input[1] !== name && readInt(node, "axis", 0) === 0,
  );
  if (!isTable || dims.length !== 2 || (dims[0] ?? 0) <= MAX_DENSE_ROWS) {
    return undefined;
  }
  return readers.map(({ input, output }) => ({ rows: input[1] ?? "", values: output[0] ?? "" }));
}

/** Makes gradients outputs of the graph. */
class GradientOutputs {
  readonly dense = new Map<string, string>();
  readonly rows = new Map<string, readonly RowGradientValues[]>();
  readonly #graph: Graph;
  readonly #found: ReadonlyMap<string, string>;

  constructor({ graph, found }: { readonly graph: Graph; readonly found: ReadonlyMap<string, string> }) {
    this.#graph = graph;
    this.#found = found;
  }

  add(name: string, lookups: readonly RowGradientValues[] | undefined): void {
    if (lookups === undefined) {
      const gradient = this.#found.get(name);
      if (gradient !== undefined) {
        this.dense.set(name, this.#output(gradient, "float"));
      }
      return;
    }
    const parts = lookups.flatMap(({ rows, values }) => {
      const gradient = this.#found.get(values);
      return gradient === undefined
        ? []
        : [{ rows: this.#output(rows, "int64"), values: this.#output(gradient, "float") }];
    });
    if (parts.length > 0) {
      this.rows.set(name, parts);
    }
  }

  /** The value as an output; feeds stay feeds. */
  #output(name: string, dataType: DataTypeName): string {
    if (!this.#graph.inputNames.includes(name) && !this.#graph.outputNames.includes(name)) {
      this.#graph.addOutput({ name, dataType });
    }
    return name;
  }
}

function emptyModel(source: ModelProto | undefined): ModelProto {
  const opsetImport = source?.opsetImport ?? [
    { domain: "", version: TRAINING_OPSET },
    { domain: MICROSOFT_DOMAIN, version: 1 },
  ];
  const irVersion = Number((source?.irVersion ?? TRAINING_IR_VERSION).toString());
  return createModelProto({ irVersion, producerName: "aar", opsetImport, graph: { name: "training" } });
}
