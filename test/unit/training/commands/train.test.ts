import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { quantizeCommand } from "../../../../training/commands/quantize.ts";
import { trainCommand } from "../../../../training/commands/train.ts";
import type { CommandContext } from "../../../../training/define-command.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../../../training/encoder/read-query-adapter.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { tinyTrainingFolder, tokenizer } from "../../../support/tiny-training-folder.ts";
import type { TinyTrainingFolder } from "../../../support/tiny-training-folder.ts";

interface Outcome {
  readonly result: string;
  readonly plan: { readonly totalSteps: number; readonly trainedWeights: number };
  readonly state: { readonly step: number; readonly best: { readonly score: number; readonly step: number } };
}

function recordingContext(): CommandContext & { readonly outcome: () => Outcome } {
  let printed = "";
  return {
    outcome: () => JSON.parse(printed) as Outcome, // what the command prints
    print: (text) => {
      printed = text;
    },
    log: () => undefined,
    progress: silentProgress,
    env: {},
    signal: new AbortController().signal,
  };
}

async function run(flags: Record<string, unknown>): Promise<Outcome> {
  const context = recordingContext();
  await trainCommand.execute(flags, context);
  return context.outcome();
}

async function setUp(onTestFinished: Parameters<typeof temporaryFolder>[0]) {
  const folder = await temporaryFolder(onTestFinished);
  const files = await tinyTrainingFolder(folder);
  const common = {
    cache: path.join(folder, "cache"),
    threads: 1,
    evaluateEvery: 20,
    train: files.train,
    dev: files.dev,
    batchSize: 7,
  };
  return { folder, files, common };
}

const firstScore = async (output: string): Promise<number> => {
  const [line = ""] = (await readFile(path.join(output, "metrics.jsonl"), "utf8")).split("\n");
  return (JSON.parse(line) as { score: number }).score; // the evaluation before the first step
};

const queryVector = async (files: TinyTrainingFolder, encoder = files.encoder): Promise<Float32Array> =>
  (await (await loadEncoder(encoder)).encodeQueries(["q3 q3"])).embeddings[0] ?? new Float32Array();

test("query-adapter: a file that moves queries, while passages stay", async ({ expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const output = path.join(folder, "adapter");
  const { vectors, encoder } = files;
  const mode = { mode: "query-adapter", vectors, encoder, output, epochs: 30, learningRate: 0.02 };
  const { result, state } = await run({ ...common, ...mode });
  expect(state.best.score).toBeGreaterThan((await firstScore(output)) + 0.1);
  const adapter = await readQueryAdapter(result);
  const base = await loadEncoder(encoder);
  expect(adapter.manifest).toMatchObject({
    kind: "linear",
    dims: 16,
    compatibleWith: base.fingerprint,
    queryModel: base.manifest.model.sha256,
  });
  const vector = await queryVector(files);
  expect(adapter.apply(vector)).not.toEqual(vector);
  const half = await run({ ...common, ...mode, output: path.join(folder, "half"), adapterDtype: "float16" });
  expect((await stat(result)).size - (await stat(half.result)).size).toBe(16 * 16 * 2);
  const rounded = (await readQueryAdapter(half.result)).apply(vector);
  for (const [index, value] of adapter.apply(vector).entries()) {
    expect(rounded[index]).toBeCloseTo(value, 2);
  }
});

test(
  "query-encoder: an encoder for the same index that goes on into quantize",
  { timeout: 120_000 },
  async ({ expect, onTestFinished }) => {
    const { folder, files, common } = await setUp(onTestFinished);
    const output = path.join(folder, "run");
    const { vectors, encoder } = files;
    const mode = {
      mode: "query-encoder",
      vectors,
      encoder,
      output,
      epochs: 10,
      learningRate: 0.01,
      queryPrefix: "q1 ",
    };
    const { result, state } = await run({ ...common, ...mode });
    expect(state.best.score).toBeGreaterThan((await firstScore(output)) + 0.1);
    const [base, trained] = [await loadEncoder(encoder), await loadEncoder(result)];
    expect(trained.fingerprint).toBe(base.fingerprint);
    expect(trained.manifest).toMatchObject({
      pooling: "mean",
      queryPrefix: "q1 ",
      dtype: "fp32",
      compatibleWith: base.fingerprint,
    });
    const [node, web] = [await queryVector(files, result), await loadEncoder(result, { runtime: "web" })];
    expect(node).not.toEqual(await queryVector(files));
    const [onWeb] = (await web.encodeQueries(["q3 q3"])).embeddings;
    for (const [index, value] of node.entries()) {
      expect(onWeb?.[index]).toBeCloseTo(value, 5);
    }
    const int8 = path.join(folder, "int8");
    await quantizeCommand.execute({ model: result, output: int8, force: true }, recordingContext());
    expect((await loadEncoder(int8)).fingerprint).toBe(base.fingerprint);
  },
);

test("an export that fails is written by the same command, without training again", async ({
  expect,
  onTestFinished,
}) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const output = path.join(folder, "run");
  const { vectors, encoder } = files;
  const flags = { ...common, mode: "query-encoder", vectors, encoder, output, epochs: 10, learningRate: 0.01 };
  await mkdir(output);
  await writeFile(path.join(output, "encoder"), "in the way");
  await expect(run(flags)).rejects.toThrow(
    /cannot write .*model\.onnx: (?:ENOTDIR|EEXIST).*; move what stands in the way/u,
  );
  const metrics = await readFile(path.join(output, "metrics.jsonl"));
  await rm(path.join(output, "encoder"));
  const { result } = await run(flags);
  expect(await readFile(path.join(output, "metrics.jsonl"))).toEqual(metrics);
  expect(await queryVector(files, result)).not.toEqual(await queryVector(files));
});

test("both: an encoder of its own, measured over re-encoded passages", async ({ expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const output = path.join(folder, "run");
  const { corpus, encoder } = files;
  const { result, state } = await run({
    ...common,
    mode: "both",
    corpus,
    encoder,
    output,
    epochs: 10,
    learningRate: 0.01,
  });
  expect(state.best.score).toBeGreaterThan((await firstScore(output)) + 0.1);
  const trained = await loadEncoder(result);
  expect(trained.manifest.compatibleWith).toBeUndefined();
  expect(trained.fingerprint).not.toBe((await loadEncoder(encoder)).fingerprint);
});

test(
  "distill: fewer layers for the same index, near the teacher, to be trained on",
  { timeout: 120_000 },
  async ({ expect, onTestFinished }) => {
    const { folder, files, common } = await setUp(onTestFinished);
    const { corpus, encoder, vectors } = files;
    const output = path.join(folder, "small");
    const mode = {
      mode: "distill",
      corpus,
      encoder,
      output,
      layers: ["1"],
      epochs: 30,
      batchSize: 4,
      learningRate: 0.01,
    };
    // Without dev questions: the measure is the likeness to the teacher.
    const { result, state } = await run({ ...common, ...mode, dev: undefined });
    const before = await firstScore(output);
    expect(before).toBeLessThan(0.999);
    expect(1 - state.best.score, "distance to the teacher").toBeLessThan((1 - before) / 2);
    const [teacher, student] = [await loadEncoder(encoder), await loadEncoder(result)];
    expect(student.fingerprint).toBe(teacher.fingerprint);
    expect(student.manifest.model.bytes).toBeLessThan(0.8 * teacher.manifest.model.bytes);
    const next = { mode: "query-encoder", vectors, encoder: result, output: path.join(folder, "next"), epochs: 1 };
    expect((await run({ ...common, ...next })).state.step).toBe(4);
  },
);

test("the same run again gives the same bytes, and a flag beats the file", async ({ expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const { vectors, encoder } = files;
  const config = path.join(folder, "train.json");
  const inFile = {
    schemaVersion: 1,
    mode: "query-adapter",
    vectors,
    encoder,
    epochs: 99,
    adapter: "mlp",
    adapterWidth: 4,
  };
  await writeFile(config, JSON.stringify(inFile));
  const results: Buffer[] = [];
  for (const name of ["a", "b"]) {
    const { result, plan } = await run({ ...common, config, output: path.join(folder, name), epochs: 2 });
    expect(plan).toMatchObject({ totalSteps: 8, trainedWeights: 16 * 4 + 4 + 4 * 16 });
    results.push(await readFile(result));
  }
  expect(results[0]).toEqual(results[1]);
});

test("--dry-run says what it would cost and trains nothing", async ({ expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const { vectors, encoder } = files;
  const output = path.join(folder, "run");
  const plan = await run({ ...common, mode: "query-encoder", vectors, encoder, output, dryRun: true });
  expect(plan).toMatchObject({
    options: { mode: "query-encoder", learningRate: 3e-5, temperature: 0.05 },
    plan: {
      mode: "query-encoder",
      stepsPerEpoch: 4,
      totalSteps: 12,
      facts: { questions: 28, passages: 14, devQuestions: 14 },
    },
    trainingSeconds: expect.any(Number),
    memoryMebibytes: expect.any(Number),
  });
  await expect(readFile(path.join(output, "metrics.jsonl"))).rejects.toThrow(/ENOENT/u);
});

test.for([
  ["no mode", { mode: undefined }, /--mode \(query-adapter, .*\) is required/u],
  ["no vectors", { vectors: undefined }, /mode query-adapter needs --vectors/u],
  ["a test split", { dev: undefined, devData: ".", devSplit: "test" }, /must not be selected on a test split/u],
  ["vectors of other settings", { maxPassageLength: 9 }, /the vectors are of encoder "tiny" .*--max-passage-length/u],
] as const)("%s is refused", async ([, changes, message], { expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const { vectors, encoder } = files;
  const flags = { ...common, mode: "query-adapter", vectors, encoder, output: path.join(folder, "run"), ...changes };
  await expect(run(flags)).rejects.toThrow(message);
});

test("a token that the model has no row for is named with its text", async ({ expect, onTestFinished }) => {
  const { folder, files, common } = await setUp(onTestFinished);
  const { corpus, encoder } = files;
  const many = Array.from({ length: 60 }, (_, index) => `q${59 - index}`);
  await writeFile(path.join(encoder, "tokenizer.json"), JSON.stringify(tokenizer(many)));
  const flags = { ...common, mode: "both", corpus, encoder, output: path.join(folder, "run") };
  await expect(run(flags)).rejects.toThrow(/text "train-\d+" has token \d+, the encoder's table has 48 rows/u);
});
