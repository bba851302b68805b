import { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxInputs, OnnxSession } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import { intsAttribute } from "../onnx/attributes.ts";
import { createValueInfoProto } from "../onnx/codec.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import { Graph } from "../onnx/graph.ts";
import type { ModelProto } from "../onnx/proto.ts";
import { createInt64List } from "../onnx/tensor.ts";
import { encodeModel } from "../onnx/writer.ts";
import type { InputStatistics, StatisticsByValue } from "./input-statistics.ts";

export interface StatisticsCollectorOptions {
  /** The fp32 model; it is changed (outputs added), so read it anew for anything else. */
  readonly model: ModelProto;
  readonly inputs: EncoderManifest["model"]["inputs"];
  /** Last hidden state. */
  readonly output: string;
  /** Values to watch, with their widths. */
  readonly watched: ReadonlyMap<string, number>;
  readonly threads: number;
}

/** An `OnnxSession` that gathers statistics of every text that an encoder runs through it. */
export interface StatisticsCollector {
  /** For `createOnnxEncoder` with `maxBatchTokens: 1`: padding would count as tokens. */
  readonly session: OnnxSession;
  statistics(): StatisticsByValue;
}

/** Rows of a text that are kept as they are; what is left out is in the second moments all the same. */
const SAMPLED_ROWS_PER_TEXT = 4;
const MAX_SAMPLED_ROWS = 1024;

/**
 * The model with two more outputs for each watched value x: its rows, and xᵀx, which the runtime computes faster than
 * any loop here.
 */
export async function createStatisticsCollector(options: StatisticsCollectorOptions): Promise<StatisticsCollector> {
  const { model, inputs, output, watched, threads } = options;
  const outputs = addOutputs(model, watched);
  const session = await InferenceSession.create(encodeModel(model), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const accumulators = outputs.map(({ value, width }) => ({ value, accumulator: new Accumulator(width) }));
  return {
    session: {
      async run(feeds) {
        const results = await session.run(createFeeds(feeds, inputs));
        for (const [index, { rows, gram }] of outputs.entries()) {
          accumulators[index]?.accumulator.add(floats(results[rows]), floats(results[gram]));
        }
        return floats(results[output]);
      },
    },
    statistics: () => new Map(accumulators.map(({ value, accumulator }) => [value, accumulator.statistics()])),
  };
}

interface WatchedOutputs {
  readonly value: string;
  readonly width: number;
  readonly rows: string;
  readonly gram: string;
}

function addOutputs(model: ModelProto, watched: ReadonlyMap<string, number>): WatchedOutputs[] {
  const graph = new Graph(model.graph);
  const outputs = [...watched].map(([value, width]) => {
    const [shape = "", rows = "", columns = "", gram = ""] = ["shape", "rows", "columns", "gram"].map((suffix) =>
      graph.uniqueName(`${value}_${suffix}`),
    );
    graph.addInitializer(createInt64List(shape, [-1, width]));
    graph.addNode({ opType: "Reshape", inputs: [value, shape], outputs: [rows] });
    const swapped = [intsAttribute("perm", [1, 0])];
    graph.addNode({ opType: "Transpose", inputs: [rows], outputs: [columns], attributes: swapped });
    graph.addNode({ opType: "MatMul", inputs: [columns, rows], outputs: [gram] });
    return { value, width, rows, gram };
  });
  graph.commit();
  for (const name of outputs.flatMap(({ rows, gram }) => [rows, gram])) {
    const type = { tensorType: { elemType: DATA_TYPE.float } };
    model.graph.output.push(createValueInfoProto({ name, type }));
  }
  return outputs;
}

class Accumulator {
  readonly #width: number;
  readonly #absMax: Float32Array;
  readonly #sum: Float64Array;
  readonly #gram: Float64Array;
  readonly #sample: number[] = [];
  #rows = 0;

  constructor(width: number) {
    this.#width = width;
    this.#absMax = new Float32Array(width);
    this.#sum = new Float64Array(width);
    this.#gram = new Float64Array(width * width);
  }

  add(rows: Float32Array, gram: Float32Array): void {
    const count = rows.length / this.#width;
    for (let index = 0; index < rows.length; index += 1) {
      const column = index % this.#width;
      const value = rows[index] ?? 0;
      this.#absMax[column] = Math.max(this.#absMax[column] ?? 0, Math.abs(value));
      this.#sum[column] = (this.#sum[column] ?? 0) + value;
    }
    for (let index = 0; index < gram.length; index += 1) {
      this.#gram[index] = (this.#gram[index] ?? 0) + (gram[index] ?? 0);
    }
    for (let taken = 0; taken < SAMPLED_ROWS_PER_TEXT; taken += 1) {
      const row = Math.floor(((taken + 0.5) * count) / SAMPLED_ROWS_PER_TEXT); // evenly spread, no randomness
      if (this.#sample.length < MAX_SAMPLED_ROWS * this.#width) {
        this.#sample.push(...rows.subarray(row * this.#width, (row + 1) * this.#width));
      }
    }
    this.#rows += count;
  }

  statistics(): InputStatistics {
    return {
      width: this.#width,
      rows: this.#rows,
      absMax: this.#absMax,
      mean: this.#sum.map((sum) => sum / Math.max(1, this.#rows)),
      gram: this.#gram,
      sample: Float32Array.from(this.#sample),
      sampleRows: this.#sample.length / this.#width,
    };
  }
}

function createFeeds(feeds: OnnxInputs, names: EncoderManifest["model"]["inputs"]): Record<string, Tensor> {
  const values = {
    input_ids: feeds.inputIds,
    attention_mask: feeds.attentionMask,
    token_type_ids: feeds.tokenTypeIds,
  };
  const dims = [feeds.batch, feeds.sequence];
  return Object.fromEntries(names.map((name) => [name, new Tensor("int64", values[name], dims)]));
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) {
    throw new AppError("invalid_artifact", "calibration: the graph gave no float32 tensor for a watched value");
  }
  return tensor.data;
}
