import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { joinTitleAndText } from "../../../src/encoder/passage-text.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { loadCorpus } from "../../../training/artifacts/beir.ts";
import { readTrainingExamples } from "../../../training/artifacts/training-examples.ts";
import { vectorSetFiles } from "../../../training/artifacts/vector-set.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { cachedQueryVectors } from "../../../training/eval/cached-encodings.ts";
import { openTrainableEncoder } from "../../../training/trainer/trainable-encoder.ts";
import type { TrainingOptions } from "../../../training/trainer/training-options.ts";
import type { ExperimentQuestions } from "./questions.ts";
import { toLines, torchRun } from "./torch-run.ts";
import type { TorchQuery, TorchRun } from "./torch-run.ts";
import type { TrainingFiles } from "./training-files.ts";
import type { Workshop } from "./workshop.ts";

export interface CompareWithTorchOptions {
  readonly python: string;
  readonly options: TrainingOptions;
  readonly files: TrainingFiles;
  readonly questions: ExperimentQuestions;
  /** The encoder as it is before training. */
  readonly base: Encoder;
  readonly vectors: VectorSet;
  readonly vectorsFolder: string;
  readonly folder: string;
  readonly dataSet: string;
  /** Rows that the test searches; undefined: all, with the vectors that are there. */
  readonly pool: readonly number[] | undefined;
  readonly workshop: Workshop;
}

/** Our run's data and settings given to PyTorch's side. */
export async function compareWithTorch(given: CompareWithTorchOptions): Promise<TorchRun | undefined> {
  const { python, options, files, questions, vectors, vectorsFolder, folder, pool, workshop } = given;
  const { threads, encoderFolder } = workshop;
  const isBoth = options.mode === "both";
  return await torchRun({
    python,
    folder,
    files,
    passageIds: vectors.ids,
    queryOf: options.mode === "query-adapter" ? await embeddingOf(given) : await tokensOf(given),
    testQueries: questions.test.queries.map(({ text }) => text),
    job: {
      mode: options.mode,
      onnx: path.resolve(encoderFolder, "model.onnx"),
      dims: vectors.facts.dims,
      threads,
      seed: options.seed,
      learningRate: options.learningRate,
      epochs: options.epochs,
      maxSteps: options.maxSteps ?? null,
      batchSize: options.batchSize,
      negatives: options.negatives,
      temperature: options.temperature,
      warmup: options.warmup,
      clipNorm: options.clipNorm,
      evaluateEvery: options.evaluateEvery ?? null,
      passages: isBoth ? null : path.resolve(vectorSetFiles(vectorsFolder, "float32").vectors),
      passageTokens: isBoth ? await passageTokens(given) : null,
      devPool: isBoth ? await judgedRows(files.dev, vectors) : null,
      testPool: pool ?? null,
    },
  });
}

async function embeddingOf({
  questions,
  base,
  workshop,
}: CompareWithTorchOptions): Promise<(text: string) => TorchQuery> {
  const { cache, progress, signal } = workshop;
  const { train, dev, test } = questions;
  const known = new Map<string, TorchQuery>();
  for (const { queries } of [train, dev, test]) {
    const vectors = await cachedQueryVectors(queries, { encoder: base, runtime: "node", cache, progress, signal });
    for (const [index, { text }] of queries.entries()) {
      known.set(text, [...(vectors[index] ?? [])]);
    }
  }
  return (text) => {
    const vector = known.get(text);
    if (vector === undefined) {
      throw new AppError("internal", `question "${text}" is in no part of the experiment`);
    }
    return vector;
  };
}

async function tokensOf({ options, base, workshop }: CompareWithTorchOptions): Promise<(text: string) => TorchQuery> {
  const { tokenizer } = await openTokenizer(workshop, options);
  const { queryPrefix, maxQueryLength } = base.manifest;
  return (text) => tokenizer.encode(queryPrefix + text, maxQueryLength);
}

async function passageTokens({ options, base, folder, dataSet, workshop }: CompareWithTorchOptions): Promise<string> {
  const { tokenizer } = await openTokenizer(workshop, options);
  const { passagePrefix, maxPassageLength } = base.manifest;
  const corpus = await loadCorpus(path.join(dataSet, "corpus.jsonl"));
  const tokens = corpus.map((passage) => tokenizer.encode(passagePrefix + joinTitleAndText(passage), maxPassageLength));
  const file = path.resolve(folder, "passages.jsonl");
  await writeFileAtomic(file, toLines(tokens));
  return file;
}

async function openTokenizer({ encoderFolder, threads }: Workshop, { maxPassageLength }: TrainingOptions) {
  return await openTrainableEncoder(encoderFolder, { settings: { maxPassageLength }, threads });
}

/** Rows of the passages that dev questions are about. */
async function judgedRows(dev: string, { ids }: VectorSet): Promise<readonly number[]> {
  const rows = new Map(ids.map((id, row) => [id, row]));
  const examples = await Array.fromAsync(readTrainingExamples(dev, rows));
  const judged = examples.flatMap(({ positives }) => positives.flatMap(({ passageId }) => rows.get(passageId) ?? []));
  return [...new Set(judged)];
}
