import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { test, vi } from "vitest";
import { parseManifest } from "../../../../src/encoder/load-manifest.ts";
import { createTextEncoder } from "../../../../src/encoder/text-encoder.ts";
import { createTokenizer } from "../../../../src/encoder/tokenizer.ts";
import { overThreads } from "../../../../training/encoder/edge-engine-threads.ts";
import { loadEdgeEngine } from "../../../../training/encoder/load-edge-engine.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import { FAKE_MANIFEST } from "../../../support/fake-encoder.ts";
import { tinyTokenizerJson } from "../../../support/tiny-tokenizer.ts";

const PROJECT = path.resolve(import.meta.dirname, "../../../..");
const FOLDER = path.join(PROJECT, "src/assets/encoder-tiny");
/** Of all lengths, a dozen passes of 256 tokens. */
const TEXTS = Array.from({ length: 90 }, (_, index) => `text ${index}: ${"of some words ".repeat((7 * index) % 40)}`);

test("several passes side by side give the bits of one after the other, in the order of the texts", async ({
  expect,
}) => {
  const [one, three] = await Promise.all([loadEncoder(FOLDER), loadEncoder(FOLDER, { threads: 3 })]);
  const expected = await one.encodeQueries(TEXTS);
  expect(await three.encodeQueries(TEXTS)).toEqual(expected);
  const calls = await Promise.all([three.encodeQueries(TEXTS), three.encodeQueries(TEXTS.slice(0, 1))]);
  expect(calls[0]).toEqual(expected);
  expect(calls[1]?.embeddings).toEqual(expected.embeddings.slice(0, 1));
});

test("a call that is aborted ends, and the next one works", async ({ expect }) => {
  const encoder = await loadEncoder(FOLDER, { threads: 2 });
  const controller = new AbortController();
  const call = encoder.encodeQueries(TEXTS, { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toThrow(expect.objectContaining({ code: "aborted" }));
  expect((await encoder.encodeQueries(TEXTS.slice(0, 30))).embeddings).toHaveLength(30);
});

test("a thread that cannot load its model says so", async ({ expect }) => {
  const { model } = parseManifest(readFileSync(path.join(FOLDER, "manifest.json"), "utf8"));
  const engine = await loadEdgeEngine(path.join(FOLDER, model.file), { expected: model, rows: 256 });
  const other = path.join(PROJECT, "src/assets/encoder/model_int8.edge");
  const engines = overThreads(engine, { modelPath: other, expected: model, rows: 256, threads: 2 });
  const pass = engines.embed([[101, 102]], { pooling: "mean", normalize: true }, 2);
  await expect(Promise.resolve(pass)).rejects.toThrow(expect.objectContaining({ code: "invalid_artifact" }));
});

test("what fails ends the call: passes that wait are not begun", async ({ expect }) => {
  let begun = 0;
  const encoder = await createTextEncoder({
    manifest: FAKE_MANIFEST,
    tokenizer: createTokenizer(tinyTokenizerJson()),
    embedder: {
      passesAtOnce: 2,
      fits: ({ texts }) => texts === 1,
      async embed() {
        begun += 1;
        const own = begun;
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (own === 3) {
          throw new Error("the third pass fails");
        }
        return [new Float32Array(FAKE_MANIFEST.dims)];
      },
    },
  });
  await expect(encoder.encodeQueries(TEXTS)).rejects.toThrow("the third pass fails");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toBeLessThanOrEqual(4);
});

test("no more threads than asked for are started, and none stays that nobody uses", async ({
  expect,
  onTestFinished,
}) => {
  const alive = new Set<Worker>();
  const onWorker = (worker: Worker): void => {
    alive.add(worker);
    worker.once("exit", () => alive.delete(worker));
  };
  process.on("worker", onWorker);
  onTestFinished(() => {
    process.off("worker", onWorker);
  });
  const encoder = await loadEncoder(FOLDER, { threads: 2 });
  await Promise.all([0, 1, 2].map(() => encoder.encodeQueries(TEXTS)));
  expect(alive.size).toBe(2);
  await vi.waitFor(() => expect(alive.size).toBe(0), { timeout: 20_000, interval: 100 });
  expect((await encoder.encodeQueries(TEXTS)).embeddings).toHaveLength(TEXTS.length);
});

test("threads that wait do not keep a program from ending", ({ expect }) => {
  const program = `import { loadEncoder } from "./training/encoder/load-encoder.ts";
    const encoder = await loadEncoder("src/assets/encoder-tiny", { threads: 2 });
    const { embeddings } = await encoder.encodeQueries(Array.from({ length: 40 }, () => "some words ".repeat(20)));
    console.log(embeddings.length);`;
  const run = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: PROJECT, timeout: 60_000 });
  expect(run.toString().trim()).toBe("40");
});
