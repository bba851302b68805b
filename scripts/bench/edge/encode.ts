import { rm } from "node:fs/promises";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import type { BenchOptions } from "./bench-options.ts";
import { startEncodeWorker } from "./encode-worker.ts";
import type { EncodeWorker } from "./encode-worker.ts";
import { ENCODER_FOLDERS, publishEncoders } from "./encoder-folders.ts";
import { median, time } from "./statistics.ts";
import { writeTinyEncoder } from "./tiny-encoder.ts";

const LENGTHS = [16, 32, 128] as const;
const ROUNDS = 11;

/** Encodes of one measurement: enough for some 200 ms, so that a request's own cost is small beside them. */
const TIMES = { 16: 24, 32: 14, 128: 4 } as const;

/** Embeds a text so many times, one after the other. */
type Engine = (text: string, times: number) => Promise<unknown>;

/**
 * Milliseconds to embed one text, tokenising and pooling included, one thread: by this project's engine in workerd, by
 * the same engine with two of its six layers, by onnxruntime-web in workerd, and by onnxruntime-node; both of these run `onnx-encoder`, and `--other-onnx DIR` too. Medians of
 * interleaved rounds; a request that embeds nothing is subtracted. Ratios are of medians.
 */
export async function benchEncode({ otherOnnx }: BenchOptions): Promise<Record<string, number>> {
  const tiny = await writeTinyEncoder();
  await publishEncoders({ ...ENCODER_FOLDERS, tiny, ...(otherOnnx === undefined ? {} : { other: otherOnnx }) });
  const workers: EncodeWorker[] = [];
  const inWorkerd = async (encoder: Parameters<typeof startEncodeWorker>[0]): Promise<Engine> => {
    const worker = await startEncodeWorker(encoder);
    workers.push(worker);
    return worker.embed.bind(worker);
  };
  try {
    const engines: Record<string, Engine> = {
      edge_workerd: await inWorkerd("edge"),
      edge_2_layers_workerd: await inWorkerd("tiny"),
      onnx_web_workerd: await inWorkerd("onnx"),
      onnx_node: inNode(await loadEncoder(ENCODER_FOLDERS.onnx)),
    };
    if (otherOnnx !== undefined) {
      engines["other_onnx_web_workerd"] = await inWorkerd("other");
      engines["other_onnx_node"] = inNode(await loadEncoder(otherOnnx));
    }
    const results: Record<string, number> = {};
    for (const tokens of LENGTHS) {
      const milliseconds = await measure(engines, tokens);
      for (const [engine, value] of Object.entries(milliseconds)) {
        results[`${engine}_${tokens}_ms`] = value;
      }
      const { edge_workerd: edge = NaN, edge_2_layers_workerd: twoLayers = NaN, ...peers } = milliseconds;
      results[`edge_2_layers_over_edge_${tokens}`] = twoLayers / edge;
      for (const [peer, value] of Object.entries(peers)) {
        results[`edge_over_${peer}_${tokens}`] = edge / value;
      }
    }
    return results;
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await rm(tiny, { recursive: true });
  }
}

async function measure(
  engines: Readonly<Record<string, Engine>>,
  tokens: (typeof LENGTHS)[number],
): Promise<Record<string, number>> {
  const text = Array.from({ length: tokens - 2 }, () => "river").join(" "); // and [CLS] and [SEP]
  const samples: Record<string, number[]> = {};
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [name, engine] of Object.entries(engines)) {
      const overhead = await time(() => engine(text, 0));
      const elapsed = await time(() => engine(text, TIMES[tokens]));
      if (round >= 0) {
        (samples[name] ??= []).push((elapsed - overhead) / TIMES[tokens]);
      }
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}

function inNode(encoder: Encoder): Engine {
  return async (text, times) => {
    for (let i = 0; i < times; i += 1) {
      await encoder.encodeQueries([text]);
    }
  };
}
