import type { Encoder } from "../../../src/encoder/encoder.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import type { BenchOptions } from "./bench-options.ts";
import { startEncodeWorker } from "./encode-worker.ts";
import type { EncodeWorker } from "./encode-worker.ts";
import { ENCODER_FOLDERS, publishEncoders } from "./encoder-folders.ts";
import { median, time } from "./statistics.ts";

const LENGTHS = [16, 32, 128] as const;
const ROUNDS = 11;

/** Encodes of one measurement: enough for some 200 ms, so that a request's own cost is small beside them. */
const TIMES = { 16: 24, 32: 14, 128: 4 } as const;

interface Engine {
  /** Embeds a text so many times, one after the other. */
  embed(text: string, times: number): Promise<unknown>;
  /** Processor time of the process so far, in ms. */
  cpuTime(): number;
}

/**
 * Milliseconds to embed one text, tokenising and pooling included, one thread: by this project's engine in workerd, with
 * the default encoder and with `tiny`, by onnxruntime-web in workerd, and by onnxruntime-node; both of these run `onnx-encoder`, and
 * `--other-onnx DIR` too. Medians of interleaved rounds; a request that embeds nothing is subtracted. Ratios are of medians, and, `_cpu`, of the rounds' processor
 * time, which says the same on a machine that does other things too.
 */
export async function benchEncode({ otherOnnx }: BenchOptions): Promise<Record<string, number>> {
  await publishEncoders({ ...ENCODER_FOLDERS, ...(otherOnnx === undefined ? {} : { other: otherOnnx }) });
  const workers: EncodeWorker[] = [];
  const inWorkerd = async (encoder: Parameters<typeof startEncodeWorker>[0]): Promise<Engine> => {
    const worker = await startEncodeWorker(encoder);
    workers.push(worker);
    return { embed: worker.embed.bind(worker), cpuTime: () => worker.process.cpuTime() };
  };
  try {
    const engines: Record<string, Engine> = {
      edge_workerd: await inWorkerd("edge"),
      tiny_workerd: await inWorkerd("tiny"),
      onnx_web_workerd: await inWorkerd("onnx"),
      onnx_node: inNode(await loadEncoder(ENCODER_FOLDERS.onnx)),
    };
    if (otherOnnx !== undefined) {
      engines["other_onnx_web_workerd"] = await inWorkerd("other");
      engines["other_onnx_node"] = inNode(await loadEncoder(otherOnnx));
    }
    const results: Record<string, number> = {};
    for (const tokens of LENGTHS) {
      Object.assign(results, describe(await measure(engines, tokens), tokens));
    }
    return results;
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

interface Sample {
  /** Milliseconds of one encode: median of the rounds. */
  readonly elapsed: number;
  /** Milliseconds of processor time of one encode: mean of the rounds. */
  readonly cpu: number;
}

function describe(samples: Readonly<Record<string, Sample>>, tokens: number): Record<string, number> {
  const results: Record<string, number> = {};
  for (const [engine, { elapsed, cpu }] of Object.entries(samples)) {
    results[`${engine}_${tokens}_ms`] = elapsed;
    results[`${engine}_${tokens}_cpu_ms`] = cpu;
  }
  const nothing: Sample = { elapsed: NaN, cpu: NaN };
  const { edge_workerd: edge = nothing, tiny_workerd: tiny = nothing, ...peers } = samples;
  const ratio = (name: string, above: Sample, below: Sample): void => {
    results[`${name}_${tokens}`] = above.elapsed / below.elapsed;
    results[`${name}_${tokens}_cpu`] = above.cpu / below.cpu;
  };
  ratio("tiny_over_edge", tiny, edge);
  for (const [peer, sample] of Object.entries(peers)) {
    ratio(`edge_over_${peer}`, edge, sample);
  }
  return results;
}

async function measure(
  engines: Readonly<Record<string, Engine>>,
  tokens: (typeof LENGTHS)[number],
): Promise<Record<string, Sample>> {
  const text = Array.from({ length: tokens - 2 }, () => "river").join(" "); // and [CLS] and [SEP]
  const elapsed: Record<string, number[]> = {};
  const cpu: Record<string, number> = {};
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [name, engine] of Object.entries(engines)) {
      const overhead = await time(() => engine.embed(text, 0));
      const before = engine.cpuTime();
      const taken = await time(() => engine.embed(text, TIMES[tokens]));
      if (round >= 0) {
        (elapsed[name] ??= []).push((taken - overhead) / TIMES[tokens]);
        cpu[name] = (cpu[name] ?? 0) + (engine.cpuTime() - before) / TIMES[tokens] / ROUNDS;
      }
    }
  }
  return Object.fromEntries(
    Object.entries(elapsed).map(([name, values]) => [name, { elapsed: median(values), cpu: cpu[name] ?? NaN }]),
  );
}

function inNode(encoder: Encoder): Engine {
  return {
    embed: async (text, times) => {
      for (let i = 0; i < times; i += 1) {
        await encoder.encodeQueries([text]);
      }
    },
    cpuTime: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  };
}
