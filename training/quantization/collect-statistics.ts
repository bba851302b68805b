import { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxInputs, OnnxSession } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import { openDotProducts } from "../eval/dot-products.ts";
import { createValueInfoProto } from "../onnx/codec.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import { Graph } from "../onnx/graph.ts";
import type { ModelProto } from "../onnx/proto.ts";
import { createInt64List } from "../onnx/tensor.ts";
import { encodeModel } from "../onnx/writer.ts";
import type { InputStatistics, StatisticsByValue } from "./input-statistics.ts";
import { ROWS_PER_BLOCK, StatisticsAccumulator } from "./statistics-accumulator.ts";

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
  statistics(): Promise<StatisticsByValue>;
}

/**
 * The model with one more output for each watched value, its rows. Their second moments are left to the runtime, which computes
 * them faster than any loop here, for many texts at once.
 */
export async function createStatisticsCollector(options: StatisticsCollectorOptions): Promise<StatisticsCollector> {
  const { model, inputs, output, watched, threads } = options;
  const outputs = addOutputs(model, watched);
  const session = await InferenceSession.create(encodeModel(model), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const products = await openDotProducts({ dims: ROWS_PER_BLOCK, threads });
  const accumulators = outputs.map((output) => ({
    ...output,
    accumulator: new StatisticsAccumulator(output.width, products),
  }));
  return {
    session: {
      async run(feeds) {
        const results = await session.run(createFeeds(feeds, inputs));
        for (const { rows, accumulator } of accumulators) {
          await accumulator.add(floats(results[rows]));
        }
        return floats(results[output]);
      },
    },
    async statistics() {
      const byValue = new Map<string, InputStatistics>();
      for (const { value, accumulator } of accumulators) {
        byValue.set(value, await accumulator.statistics());
      }
      return byValue;
    },
  };
}

interface WatchedOutputs {
  readonly value: string;
  readonly width: number;
  readonly rows: string;
}

function addOutputs(model: ModelProto, watched: ReadonlyMap<string, number>): WatchedOutputs[] {
  const graph = new Graph(model.graph);
  const outputs = [...watched].map(([value, width]) => {
    const [shape, rows] = [graph.uniqueName(`${value}_shape`), graph.uniqueName(`${value}_rows`)];
    graph.addInitializer(createInt64List(shape, [-1, width]));
    graph.addNode({ opType: "Reshape", inputs: [value, shape], outputs: [rows] });
    return { value, width, rows };
  });
  graph.commit();
  for (const { rows } of outputs) {
    const type = { tensorType: { elemType: DATA_TYPE.float } };
    model.graph.output.push(createValueInfoProto({ name: rows, type }));
  }
  return outputs;
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
