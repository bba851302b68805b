import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { AppError } from "../../src/shared/errors.ts";
import { defineCommand } from "../define-command.ts";
import type { CommandContext } from "../define-command.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import { buildEncoder } from "../quantization/build-encoder.ts";
import type { BuiltEncoder } from "../quantization/build-encoder.ts";
import { calibrate } from "../quantization/calibrate.ts";
import { compareEncoders } from "../quantization/compare-encoders.ts";
import { buildEdgeEncoder, readBertModel } from "../quantization/edge/build-edge-encoder.ts";
import type { BuildEdgeEncoderOptions } from "../quantization/edge/build-edge-encoder.ts";
import { checkLikeness } from "../quantization/edge/check-likeness.ts";
import type { InputTerms } from "../quantization/input-scheme.ts";
import type { StatisticsByValue } from "../quantization/input-statistics.ts";
import { openOtherModel } from "../quantization/open-other-model.ts";
import { openSource } from "../quantization/open-source.ts";
import type { Source } from "../quantization/open-source.ts";
import { formatReport, judge } from "../quantization/report.ts";
import type { QuantizationReport } from "../quantization/report.ts";
import { CALIBRATION_PHASE, PARITY_PHASE, sampleTexts } from "../quantization/sample-texts.ts";

const options = z.strictObject({
  model: z.string().meta({ placeholder: "dir", description: "fp32 encoder folder: model.onnx, tokenizer.json" }),
  output: z.string().meta({ placeholder: "dir", description: "where the int8 encoder goes" }),
  data: z
    .array(z.string())
    .default([])
    .meta({ placeholder: "dirs", description: "BEIR-style folders for the gate: texts and judged queries" }),
  split: z.string().default("test").meta({ placeholder: "name", description: "judged split of --data" }),
  calibration: z.array(z.string()).optional().meta({
    placeholder: "dirs",
    description: "BEIR-style folders to calibrate on; default: --data, other texts of it",
  }),
  calibrationTexts: z
    .int()
    .min(0)
    .max(10_000)
    .default(160)
    .meta({ description: "0: round to nearest, no calibration" }),
  engine: z.enum(["auto", "edge", "onnx"]).default("auto").meta({
    description:
      "edge: BERT and DistilBERT on this project's kernel; onnx: any graph on onnxruntime; auto: edge where it can",
  }),
  inputTerms: z
    .enum(["1", "2"])
    .default("2")
    .transform((terms): InputTerms => (terms === "1" ? 1 : 2))
    .meta({ description: "onnx: codes that an input is the sum of: 2 is far more faithful, 1 faster" }),
  passages: z.int().min(1).default(1000).meta({ description: "passages whose cosine to fp32 is measured" }),
  queries: z.int().min(1).default(500).meta({ description: "queries whose cosine to fp32 is measured" }),
  maxLoss: z.number().min(0).max(1).default(0.005).meta({ description: "largest loss of nDCG@10, as a share" }),
  maxMebibytes: z.number().positive().default(25).meta({ description: "a Worker's static asset has at most 25" }),
  compareWith: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "another quantised ONNX of the same model, measured in the same way" }),
  passageEncoder: z.string().optional().meta({
    placeholder: "dir",
    description:
      "of a query encoder (train --mode query-encoder or distill): the encoder whose passage vectors it is to search, int8 too; the gate then searches those",
  }),
  force: z.boolean().default(false).describe("write the encoder although the gate fails, or without --data"),
  name: z.string().optional().meta({ description: "model name; default: the source's, with -int8" }),
  graphOutput: z.string().optional().meta({ description: "graph output that is the last hidden state" }),
  pooling: z.enum(["mean", "cls", "last_token"]).optional().meta({ placeholder: "kind" }),
  queryPrefix: z.string().optional().meta({ placeholder: "text" }),
  passagePrefix: z.string().optional().meta({ placeholder: "text" }),
  maxQueryLength: z.int().min(3).optional().meta({ description: "tokens; default 128" }),
  maxPassageLength: z.int().min(3).optional().meta({ description: "tokens; default 256" }),
  licence: z.string().optional().meta({ description: "of the weights, for the manifest" }),
  source: z.string().optional().meta({ description: "where the weights come from, for the manifest" }),
  cache: z.string().default(".aar/cache").meta({ placeholder: "dir", description: "encodings, by content hash" }),
  threads: z.int().min(1).max(256).optional().meta({ description: "default: as many as the machine has cores" }),
  json: z.boolean().default(false).describe("print the report as one JSON object"),
});
type Options = z.output<typeof options>;

/** `aar quantize`: calibrate, quantise, measure, and write what passes. */
export const quantizeCommand = defineCommand({
  summary: "fp32 ONNX encoder -> int8 encoder with a manifest and a parity report",
  description: `Matrix products become int8 (weights per column, activations per token), the embedding table int8 rows. A BERT or
DistilBERT encoder is written for this project's own engine, which codes activations in 14 bits. Any other graph stays an ONNX
graph, with activations as the sum of two codes; the Worker runs it with main = "src/index-with-onnx.ts" in wrangler.toml.
The result is measured against fp32 before it is written: cosine over real passages and queries, nDCG@10 on the judged
split of every --data folder, speed on this machine. A loss above --max-loss, or a model above --max-mebibytes, writes nothing and
exits with 1. A source folder may have a manifest.json; flags override it.`,
  examples: [
    "quantize --model ../models/all-minilm-l6-v2 --output build/minilm-int8 --data ../nfcorpus,../fairytaleqa",
    'quantize --model ../models/bge-small --output build/bge-int8 --data ../nfcorpus --pooling cls --query-prefix "Represent this sentence for searching relevant passages: "',
  ],
  options,
  async run(given, context) {
    if (given.data.length === 0 && !given.force) {
      throw new AppError("invalid_request", "without --data nothing can be measured; give folders, or --force");
    }
    const threads = given.threads ?? availableParallelism();
    const source = await openSource(given, threads);
    const built = await build({ given, context, source, threads });
    await mkdir(path.dirname(path.resolve(given.output)), { recursive: true });
    const staging = await mkdtemp(`${path.resolve(given.output)}.partial-`);
    try {
      await writeEncoder(staging, built, source);
      if (given.data.length > 0) {
        const report = await measure({ given, context, source, staging, threads });
        await writeFile(path.join(staging, REPORT_FILE), `${JSON.stringify(report, undefined, 2)}\n`);
        context.print(given.json ? JSON.stringify(report) : formatReport(report));
        if (!report.gate.passed && !given.force) {
          throw new AppError("invalid_artifact", `nothing written: ${report.gate.failures.join("; ")}`);
        }
      }
      await moveFiles(staging, given.output, given.data.length > 0);
      context.log(`wrote ${given.output}`);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  },
});

const REPORT_FILE = "quantization-report.json";
const MANIFEST_FILE = "manifest.json";

interface StepOptions {
  readonly given: Options;
  readonly context: CommandContext;
  readonly source: Source;
  readonly threads: number;
}

async function build({ given, context, source, threads }: StepOptions): Promise<BuiltEncoder> {
  const { statistics, calibration } = await calibrateSource({ given, context, source, threads });
  let done = 0;
  let progress: ReturnType<CommandContext["progress"]> | undefined;
  const { modelPath, manifest } = source;
  const onProgress = (count: number, total: number): void => {
    progress ??= context.progress({ label: "quantize", total, unit: "values" });
    progress.advance(count - done);
    done = count;
  };
  const shared = { manifest, statistics, calibration, maxBytes: given.maxMebibytes * 2 ** 20, onProgress };
  const edge = await buildForEdge({ given, context, source, shared });
  const built = edge ?? (await buildEncoder({ ...shared, modelPath, terms: given.inputTerms }));
  progress?.finish();
  return built;
}

type SharedOptions = Omit<BuildEdgeEncoderOptions, "bert">;

/** For the edge engine, when that is wanted and can be: undefined when `auto` takes onnxruntime. */
async function buildForEdge({
  given: { engine },
  context,
  source,
  shared,
}: Omit<StepOptions, "threads"> & { readonly shared: SharedOptions }): Promise<BuiltEncoder | undefined> {
  if (engine === "onnx") {
    return undefined;
  }
  try {
    const { modelPath, manifest } = source;
    const bert = await readBertModel(modelPath, manifest.model.output);
    const built = buildEdgeEncoder({ ...shared, bert });
    await checkLikeness({ modelPath, manifest, built });
    return built;
  } catch (error) {
    if (engine === "auto" && error instanceof AppError && error.code === "invalid_artifact") {
      context.log(`onnxruntime is the engine: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}

/** Share of passages among the calibration texts; the others are queries. */
const CALIBRATION_PASSAGES = 0.75;

async function calibrateSource({
  given,
  context,
  source,
  threads,
}: StepOptions): Promise<{ statistics: StatisticsByValue; calibration: Readonly<Record<string, unknown>> }> {
  const folders = given.calibration ?? given.data;
  if (given.calibrationTexts === 0 || folders.length === 0) {
    context.log("no calibration: weights are rounded to nearest");
    return { statistics: new Map(), calibration: { texts: 0 } };
  }
  const passages = Math.round(given.calibrationTexts * CALIBRATION_PASSAGES);
  const queries = given.calibrationTexts - passages;
  const texts = await sampleTexts({ folders, passages, queries, phase: CALIBRATION_PHASE });
  const total = texts.passages.length + texts.queries.length;
  const progress = context.progress({ label: "calibrate", total, unit: "texts" });
  const statistics = await calibrate({
    modelPath: source.modelPath,
    manifest: source.manifest,
    tokenizer: createTokenizer(JSON.parse(await readFile(source.tokenizerPath, "utf8"))),
    texts,
    threads,
    onText: () => {
      progress.advance(1);
    },
    signal: context.signal,
  });
  progress.finish();
  const names = folders.map((folder) => path.basename(path.resolve(folder)));
  return {
    statistics,
    calibration: { data: names, passages: texts.passages.length, queries: texts.queries.length },
  };
}

async function writeEncoder(directory: string, { model, manifest }: BuiltEncoder, source: Source): Promise<void> {
  await writeFile(path.join(directory, manifest.model.file), model);
  await copyFile(source.tokenizerPath, path.join(directory, manifest.tokenizer.file));
  await writeFile(path.join(directory, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function measure({
  given,
  context: { progress, signal },
  source,
  staging,
  threads,
}: StepOptions & { readonly staging: string }): Promise<QuantizationReport> {
  const { data: folders, split, cache, passages, queries } = given;
  const texts = await sampleTexts({ folders, passages, queries, phase: PARITY_PHASE });
  const { passageEncoder } = source;
  const shared = { reference: source, texts, folders, passageEncoder, split, cache, progress, signal };
  const encoder = await loadEncoder(staging, { threads });
  const candidate = { encoder, modelPath: path.join(staging, encoder.manifest.model.file) };
  const quantized = await compareEncoders({ ...shared, candidate });
  const { bytes, sha256 } = source.encoder.manifest.model;
  const report = {
    schemaVersion: 1,
    source: { bytes, sha256 },
    quantized,
    gate: judge(quantized.retrieval, given.maxLoss),
  } as const;
  if (given.compareWith === undefined) {
    return report;
  }
  const other = await openOtherModel(given.compareWith, source, threads);
  return { ...report, comparedWith: await compareEncoders({ ...shared, candidate: other }) };
}

/** The manifest last: a folder that was cut off in between does not claim files it does not have. */
async function moveFiles(staging: string, output: string, hasReport: boolean): Promise<void> {
  await mkdir(output, { recursive: true });
  const manifest = await readFile(path.join(staging, MANIFEST_FILE), "utf8");
  const { model, tokenizer } = JSON.parse(manifest) as EncoderManifest; // written a moment ago
  const files = [model.file, tokenizer.file, ...(hasReport ? [REPORT_FILE] : []), MANIFEST_FILE];
  for (const file of files) {
    await rename(path.join(staging, file), path.join(output, file));
  }
}
