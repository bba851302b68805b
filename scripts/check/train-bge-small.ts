/**
 * Trains bge-small (12 layers, first token's state) for a few steps of mode `both`, as a check that nothing is made for MiniLM:
 *
 *     node scripts/check/train-bge-small.ts --encoder DIR [--steps 6] [--threads 2]
 *
 * DIR has the fp32 `model.onnx` and `tokenizer.json` of bge-small-en-v1.5; langchain4j's Maven artifact of that model has both
 * under other names. Questions are titles of the demo corpus, hard negatives the same country's other passages. Prints the
 * loss of every step, and exits with 1 unless it falls and the exported encoder embeds alike in onnxruntime-node and -web.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { cosine } from "../../src/encoder/vector.ts";
import { loadCorpus } from "../../training/artifacts/beir.ts";
import { sha256File } from "../../training/artifacts/meta.ts";
import { writeTrainingExamples } from "../../training/artifacts/training-examples.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { createProgress } from "../../training/progress.ts";
import { train } from "../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../training/trainer/training-options.ts";
import { writeDemoCorpus } from "../demo-corpus/demo-data.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { withBgeSmall } from "./bge-small/with-encoder.ts";

/** Of the one batch that every step is about, so that the loss falls from step to step. */
const QUESTIONS = 8;
const NEGATIVES = 3;
const QUERY_PREFIX = "Represent this sentence for searching relevant passages: ";
const ALIKE = 0.9999;

const { values } = parseScriptFlags({
  options: {
    encoder: { type: "string" },
    steps: { type: "string", default: "6" },
    threads: { type: "string", default: "2" },
  },
});
await withBgeSmall(values.encoder, check);

async function check(model: string, folder: string): Promise<number> {
  const threads = Number(values.threads);
  const files = await writeExamples(folder);
  const given = { mode: "both", encoder: model, pooling: "cls", queryPrefix: QUERY_PREFIX } as const;
  const sizes = { maxPassageLength: 64, epochs: Number(values.steps), batchSize: QUESTIONS, negatives: NEGATIVES };
  const rates = { learningRate: 2e-5, schedule: "constant", warmup: 0 } as const;
  const output = path.join(folder, "run");
  const { result } = await train({
    options: resolveTrainingOptions({ ...given, ...sizes, ...rates, ...files, output }, {}),
    threads,
    cache: path.join(folder, "cache"),
    overwrite: false,
    log: (text) => {
      process.stderr.write(`${text}\n`);
    },
    progress: (options) => createProgress({ ...options, stream: process.stderr }),
    signal: new AbortController().signal,
  });
  const losses = await readLosses(output);
  console.log(losses.map((loss, step) => `step ${step + 1}  loss ${loss.toFixed(4)}`).join("\n"));
  const embed = async (runtime: "node" | "web"): Promise<Float32Array> => {
    const exported = await loadEncoder(result, { runtime, threads });
    return (await exported.encodeQueries(["Where is Mali?"])).embeddings[0] ?? new Float32Array();
  };
  const alike = cosine(await embed("node"), await embed("web"));
  console.log(`exported: cosine of onnxruntime-node and -web ${alike.toFixed(6)}`);
  return mean(losses.slice(-2)) < mean(losses.slice(0, 2)) && alike > ALIKE ? 0 : 1;
}

async function writeExamples(folder: string): Promise<{ readonly train: string; readonly corpus: string }> {
  const { file: corpus } = await writeDemoCorpus(folder);
  const passages = await loadCorpus(corpus);
  const countryOf = (title: string): string => title.split(":")[0] ?? "";
  const byCountry = Map.groupBy(passages, ({ title }) => countryOf(title));
  const asked = [...byCountry.values()].flatMap((all) => (all.length > NEGATIVES ? all.slice(0, 1) : []));
  const examples = asked.slice(0, QUESTIONS).map(({ id, title }) => ({
    queryId: id,
    query: title,
    positives: [{ passageId: id, from: ["human"] }],
    hardNegatives: (byCountry.get(countryOf(title)) ?? []).slice(1, 1 + NEGATIVES).map((other) => other.id),
  }));
  const file = path.join(folder, "train.jsonl");
  const inputs = { corpus: await sha256File(corpus), queries: "titles of the corpus" };
  await writeTrainingExamples(file, { examples, inputs, options: {} });
  return { train: file, corpus };
}

async function readLosses(output: string): Promise<number[]> {
  const lines = (await readFile(path.join(output, "metrics.jsonl"), "utf8")).trim().split("\n");
  return lines.flatMap((line) => (JSON.parse(line) as { loss?: number }).loss ?? []); // our own file
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
