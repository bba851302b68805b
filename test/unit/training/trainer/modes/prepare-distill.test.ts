import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { quantizeCommand } from "../../../../../training/commands/quantize.ts";
import { loadEncoder } from "../../../../../training/encoder/load-encoder.ts";
import { train } from "../../../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../../../training/trainer/training-options.ts";
import type { GivenTrainingOptions } from "../../../../../training/trainer/training-options.ts";
import { silentProgress } from "../../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyEncoderFolder, tinyTrainingFolder } from "../../../../support/tiny-training-folder.ts";

const WORDS = Array.from({ length: 20 }, (_, index) => `w${index}`);
/** Pairs of words: enough to learn what each is. */
const TEXTS = WORDS.flatMap((word, index) => [word, `${word} ${WORDS[(index * 7 + 3) % WORDS.length] ?? ""}`]);

async function distil(folder: string, changes: GivenTrainingOptions = {}, { stopAfter = Infinity } = {}) {
  const stop = new AbortController();
  let steps = 0;
  const encoder = path.join(folder, "teacher");
  const given = {
    mode: "distill",
    encoder,
    texts: path.join(folder, "texts.txt"),
    layers: [1],
  } satisfies GivenTrainingOptions;
  const sizes = { epochs: 8, batchSize: 6, evaluateEvery: 8, learningRate: 0.01, output: path.join(folder, "run") };
  const options = resolveTrainingOptions({ ...given, ...sizes, ...changes }, {});
  return await train({
    options,
    threads: 1,
    cache: path.join(folder, "cache"),
    overwrite: false,
    log: () => undefined,
    progress: (of) => ({
      ...silentProgress(),
      advance: () => {
        steps += Number(of.label === "train");
        if (steps === stopAfter) {
          stop.abort(new Error("power cut"));
        }
      },
    }),
    signal: stop.signal,
  });
}

async function setUp(onTestFinished: Parameters<typeof temporaryFolder>[0]): Promise<string> {
  const folder = await temporaryFolder(onTestFinished);
  await tinyEncoderFolder(path.join(folder, "teacher"), WORDS);
  await writeFile(path.join(folder, "texts.txt"), TEXTS.map((text) => `${text}\n`).join(""));
  return folder;
}

test("one of two layers learns to embed as both, for the teacher's index, and goes into quantize", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await setUp(onTestFinished);
  const { result, plan, state } = await distil(folder);
  expect(plan.facts).toEqual({ texts: 36, heldOutTexts: 4, keptLayers: 1, teacherLayers: 2 });
  const lines = (await readFile(path.join(folder, "run", "metrics.jsonl"), "utf8")).trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as { loss?: number; score?: number }); // what the log writes
  const losses = rows.flatMap(({ loss }) => loss ?? []);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(0, 6)) / 2);
  expect(state.best?.score).toBeGreaterThan(rows[0]?.score ?? NaN);
  const [teacher, student] = [await loadEncoder(path.join(folder, "teacher")), await loadEncoder(result)];
  expect(student.fingerprint).toBe(teacher.fingerprint);
  expect(student.manifest).toMatchObject({
    name: "teacher-distill",
    compatibleWith: teacher.fingerprint,
    provenance: { training: { mode: "distill", layers: [1], keptLayers: 1 } },
  });
  expect(student.manifest.model.bytes).toBeLessThan(0.7 * teacher.manifest.model.bytes);
  const int8 = path.join(folder, "int8");
  await quantizeCommand.execute(
    { model: result, output: int8, force: true },
    { print: () => undefined, log: () => undefined, progress: silentProgress, env: {}, signal: AbortSignal.any([]) },
  );
  expect((await loadEncoder(int8)).fingerprint).toBe(teacher.fingerprint);
});

test("a student of an earlier run goes on from where that ended", async ({ expect, onTestFinished }) => {
  const folder = await setUp(onTestFinished);
  const first = await distil(folder, { output: path.join(folder, "first") });
  const changes = {
    layers: undefined,
    student: first.result,
    learningRate: 0.001,
    output: path.join(folder, "second"),
  };
  const { result, state } = await distil(folder, changes);
  const [line = ""] = (await readFile(path.join(folder, "second", "metrics.jsonl"), "utf8")).split("\n");
  const start = JSON.parse(line) as { step: number; score: number }; // what the log writes
  expect(start.step).toBe(0);
  expect(start.score).toBeCloseTo(first.state.best?.score ?? NaN, 6);
  expect(state.best?.score).toBeGreaterThan(start.score);
  const [teacher, student] = [await loadEncoder(path.join(folder, "teacher")), await loadEncoder(result)];
  expect(student.fingerprint).toBe(teacher.fingerprint);
});

test("with dev questions it is measured by what it finds among the teacher's vectors", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const { encoder, vectors, dev, corpus } = await tinyTrainingFolder(folder);
  const measured = { encoder, texts: corpus, dev, vectors, output: path.join(folder, "run") };
  const { plan, result } = await distil(folder, measured);
  expect(plan.facts).toEqual({ texts: 14, devQuestions: 14, passages: 14, keptLayers: 1, teacherLayers: 2 });
  const [first = ""] = (await readFile(path.join(folder, "run", "metrics.jsonl"), "utf8")).split("\n");
  expect(JSON.parse(first)).toMatchObject({ step: 0, measure: "nDCG@10" });
  const { manifest } = await loadEncoder(result);
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/u);
  expect(manifest.provenance).toMatchObject({ training: { inputs: { vectors: hash, dev: hash, texts: hash } } });
});

test("a run that is stopped goes on to the same bytes", async ({ expect, onTestFinished }) => {
  const folder = await setUp(onTestFinished);
  const sizes = { maxSteps: 4, checkpointEvery: 1 };
  const whole = await distil(folder, { ...sizes, output: path.join(folder, "whole") });
  const stopped = { ...sizes, output: path.join(folder, "stopped") };
  await expect(distil(folder, stopped, { stopAfter: 2 })).rejects.toThrow("power cut");
  expect(await readdir(stopped.output)).toContain("checkpoint-000002");
  const resumed = await distil(folder, stopped);
  const model = async (result: string): Promise<Buffer> => await readFile(path.join(result, "model.onnx"));
  expect(await model(resumed.result)).toEqual(await model(whole.result));
});

test.for([
  ["no texts", { texts: undefined }, /mode distill needs --texts or --corpus/u],
  ["no layers", { layers: undefined }, /mode distill needs --layers/u],
  ["a layer that there is not", { layers: [0, 2] }, /--layers 0,2: .* the encoder has 2 layers/u],
  ["a student beside layers", { student: "x", layers: [1] }, /--layers of the teacher or a --student, not both/u],
  ["a student that there is not", { student: "/nowhere", layers: undefined }, /\/nowhere/u],
  ["another loss", { loss: "contrastive" }, /mode distill trains with "embedding-alignment" only/u],
  ["dev questions without vectors", { dev: "dev.jsonl" }, /mode distill needs --vectors/u],
  ["a missing file", { texts: "/nowhere/texts.txt" }, /cannot read \/nowhere\/texts\.txt/u],
] as const)("%s is refused", async ([, changes, message], { expect, onTestFinished }) => {
  const folder = await setUp(onTestFinished);
  const given: GivenTrainingOptions = "layers" in changes ? { ...changes, layers: changes.layers?.slice() } : changes;
  await expect(distil(folder, given)).rejects.toThrow(message);
});
