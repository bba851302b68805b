import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { adaptEncoder } from "../../src/encoder/query-adapter.ts";
import { cosine } from "../../src/encoder/vector.ts";
import { DEFAULT_ENCODER } from "../../training/encoder/default-encoder.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../training/encoder/read-query-adapter.ts";
import { findChromium } from "../support/find-chromium.ts";
import { randomAdapter } from "../support/random-adapter.ts";
import { runCli } from "../support/run-cli.ts";
import type { RunningWorker } from "../support/running-worker.ts";
import { SMALL_PASSAGES, uploadSmallCollection } from "../support/small-collection.ts";
import { startOwnWorker } from "../support/start-own-worker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const COLLECTION = "adapted";
/** Two names of one folder: what matters is that a request reaches the one it names. */
const ENCODERS = '{"full":"encoder","spare":"encoder"}';
const QUESTIONS = ["Which country has the longest coastline?", "capital of Burkina Faso", "fjords"];
const replySchema = z.looseObject({
  encoder: z.string(),
  adapter: z.looseObject({ name: z.string(), sha256: z.string() }).nullable(),
  data: z.array(z.looseObject({ id: z.string(), score: z.number() })),
});

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startOwnWorker({ vars: { DEFAULT_COLLECTION: COLLECTION, ENCODERS } });
  await uploadSmallCollection(worker.url, { name: COLLECTION });
});
afterAll(() => worker.close());

async function post(route: string, body: object): Promise<unknown> {
  const response = await fetch(worker.url + route, { method: "POST", body: JSON.stringify(body) });
  return await response.json();
}

describe("a query adapter", () => {
  it("gives online the scores that it gives offline", async ({ expect, onTestFinished }) => {
    const encoder = await loadEncoder(DEFAULT_ENCODER, { runtime: "web" });
    const file = path.join(await temporaryFolder(onTestFinished), "adapter.safetensors");
    const manifest = { compatibleWith: encoder.fingerprint, queryModel: encoder.manifest.model.sha256 };
    await writeFile(file, await randomAdapter({ seed: 11, dims: 384, scale: 2, manifest }));
    const target = ["--url", worker.url, "--collection", COLLECTION];
    const loaded = await runCli(["adapters", "load", ...target, "--adapter", file, "--name", "mine", "--default"]);
    expect(loaded).toMatchObject({ code: 0 });
    const adapter = await readQueryAdapter(file);
    const adapted = adaptEncoder(encoder, adapter);
    const passages = SMALL_PASSAGES.map(({ title, text }) => ({ title: "", text: `${title} ${text}` }));
    const { embeddings } = await encoder.encodePassages(passages);
    for (const query of QUESTIONS) {
      const reply = replySchema.parse(await post("/v1/retrieve", { query, collection: COLLECTION, mode: "dense" }));
      expect(reply.adapter).toEqual({ name: "mine", sha256: adapter.sha256 });
      const [vector = new Float32Array(384)] = (await adapted.encodeQueries([query])).embeddings;
      const online = new Map(reply.data.map(({ id, score }) => [id, score]));
      for (const [index, { id }] of SMALL_PASSAGES.entries()) {
        expect(online.get(id)).toBeCloseTo(cosine(vector, embeddings[index] ?? vector), 4);
      }
    }
  });
});

describe("query encoders of the configuration", () => {
  it("answer the requests that name them, over the same index", async ({ expect }) => {
    const ask = async (options: object) =>
      replySchema.parse(
        await post("/v1/retrieve", { query: "fjords", collection: COLLECTION, mode: "dense", ...options }),
      );
    const [byDefault, bySpare] = [await ask({ adapter: null }), await ask({ encoder: "spare" })];
    expect([byDefault.encoder, bySpare.encoder]).toEqual(["full", "spare"]);
    expect(bySpare.data).toEqual(byDefault.data);
    expect(await post("/v1/retrieve", { query: "fjords", collection: COLLECTION, encoder: "none" })).toMatchObject({
      error: { code: "unknown_model", param: "encoder" },
    });
  });
});

const executablePath = findChromium();

describe.skipIf(executablePath === undefined)("the playground", () => {
  it("offers the collection's adapters, and says which one was used", async ({ expect, onTestFinished }) => {
    const browser = await chromium.launch({
      args: ["--no-sandbox", "--disable-gpu"],
      ...(executablePath === undefined ? {} : { executablePath }),
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(worker.url);
    await page.locator("#adapter-field:not([hidden])").waitFor();
    expect(await page.locator("#adapter option").allTextContents()).toEqual([
      "the collection's",
      "none",
      "mine",
      "factbook-example",
    ]);
    expect(await page.locator("#encoder option").allTextContents()).toEqual(["the collection's", "full", "spare"]);
    const summaryWith = async (adapter: string): Promise<string> => {
      await page.selectOption("#adapter", { label: adapter });
      await page.fill("#question", QUESTIONS[0] ?? "");
      await page.keyboard.press("Enter");
      await page.locator("#timings:not([hidden])").waitFor();
      return await page.locator("#passages-summary").innerText();
    };
    expect(await summaryWith("the collection's")).toBe("3 from adapted, adapter mine");
    expect(await summaryWith("none")).toBe("3 from adapted");
  });
});

describe("feedback", () => {
  it("comes back as a set to train on", async ({ expect, onTestFinished }) => {
    const query = "Which coast is the longest?";
    await post("/v1/feedback", {
      collection: COLLECTION,
      query,
      passages: [{ id: "canada-coast", cited: true }],
      answer: { rating: "up", text: "Canada's" },
    });
    await post("/v1/feedback", { collection: COLLECTION, query, passages: [{ id: "norway-coast", grade: 0 }] });
    const output = await temporaryFolder(onTestFinished);
    const target = ["--url", worker.url, "--collection", COLLECTION];
    expect(await runCli(["feedback", "export", ...target, "--output", output])).toMatchObject({ code: 0 });
    const [question] = (await readFile(path.join(output, "queries.jsonl"), "utf8")).trim().split("\n");
    expect(JSON.parse(question ?? "")).toMatchObject({ text: query, answers: ["Canada's"], split: "train" });
    const qrels = await readFile(path.join(output, "qrels.tsv"), "utf8");
    expect(qrels.split("\n").map((line) => line.split("\t").slice(1).join(" "))).toEqual([
      "corpus-id score",
      "canada-coast 1",
      "norway-coast 0",
      "",
    ]);
  });
});
