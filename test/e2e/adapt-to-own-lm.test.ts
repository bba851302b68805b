import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findCommand } from "../../training/commands/find-command.ts";
import { loadNodeLlamaCpp } from "../../training/llama/node-llama-cpp.ts";
import { completionServer } from "../support/completion-server.ts";
import { fakeContext } from "../support/fake-context.ts";
import type { RunningWorker } from "../support/running-worker.ts";
import { startOwnWorker } from "../support/start-own-worker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GGUF = path.resolve(import.meta.dirname, "../fixtures/llama/tiny.gguf");
const COLLECTION = "handbook";
const CAPITALS = {
  Mali: "Bamako",
  Peru: "Lima",
  Nepal: "Kathmandu",
  Chad: "N'Djamena",
  Oman: "Muscat",
  Cuba: "Havana",
  Fiji: "Suva",
  Laos: "Vientiane",
  Malta: "Valletta",
  Ghana: "Accra",
  Qatar: "Doha",
  Kenya: "Nairobi",
  Chile: "Santiago",
  Latvia: "Riga",
  Norway: "Oslo",
  Zambia: "Lusaka",
};

const isInstalled = await loadNodeLlamaCpp().then(
  () => true,
  () => false,
);

type Options = Readonly<Record<string, unknown>>;

async function run(command: string, options: Options): Promise<string> {
  const context = fakeContext();
  await (await findCommand(command)).execute(options, context);
  return context.printed.join("\n");
}

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startOwnWorker({ vars: { DEFAULT_COLLECTION: COLLECTION } });
});
afterAll(() => worker.close());

/** What the README walks a person through, with an LM that writes the questions and another one, of random weights, that labels. */
describe.skipIf(!isInstalled)("adapting a retriever to one's own LM", () => {
  it("goes from passages alone to a loaded adapter and its report, before and after", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const at = (name: string): string => path.join(folder, name);
    const cache = at("cache");
    const passages = Object.entries(CAPITALS).map(([country, capital]) => ({
      _id: country.toLowerCase(),
      title: country,
      text: `${capital} is the seat of government of ${country} and its largest town.`,
    }));
    await writeFile(at("corpus.jsonl"), passages.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const writer = await completionServer((body) => {
      const country = Object.keys(CAPITALS).find((name) => JSON.stringify(body["messages"]).includes(name));
      return { choices: [{ message: { content: `What is the capital of ${country}?` } }] };
    }, onTestFinished);

    await run("encode", { corpus: folder, output: at("vectors") });
    const vectors = at("vectors");
    const target = { url: worker.url, collection: COLLECTION };
    await run("upload", { ...target, corpus: folder, vectors });
    const synthesis = { corpus: folder, output: at("questions"), lm: writer.url, minWords: 5, vectors, cache };
    expect(JSON.parse(await run("synthesize", synthesis))).toMatchObject({ asked: 16, kept: 16 });
    await run("split", { data: at("questions"), output: at("set"), shares: ["train=0.75", "test=0.25"] });
    const experiment = {
      schemaVersion: 1,
      name: "handbook",
      vectors: "vectors",
      sets: {
        questions: { data: "set", split: "train", role: "train" },
        held: { data: "set", split: "test", role: "test" },
      },
      score: { lm: GGUF, signal: "query-likelihood", depth: 3, prompt: "plain" },
      build: { minNegatives: 1, devShare: 0.3 },
      train: { epochs: 2, batchSize: 4 },
      modes: ["query-adapter"],
      conditions: ["lm"],
    };
    await writeFile(at("experiment.json"), JSON.stringify(experiment));
    await run("adapt", { experiment: at("experiment.json"), work: at("work"), cache });
    expect(await readFile(at("work/report.html"), "utf8")).toContain("nDCG@10");

    const adapter = at("work/trained/lm-query-adapter/adapter.safetensors");
    await run("adapters", { action: "load", ...target, adapter, name: "mine", default: true });
    const evaluate = { data: at("set"), ...target, measures: ["nDCG@10"] };
    const before: unknown = JSON.parse(
      await run("evaluate", { ...evaluate, useAdapter: "none", json: true, perQuery: at("before") }),
    );
    const after: unknown = JSON.parse(await run("evaluate", { ...evaluate, json: true, compare: [at("before")] }));
    expect(before).toMatchObject({ worker: worker.url, adapter: "none", emptyQueries: 0 });
    expect(after).toMatchObject({ adapter: "the collection's", comparison: [{ measure: "nDCG@10" }] });
    const ask = { query: "What is the capital of Peru?", collection: COLLECTION, top_k: 1 };
    const reply: unknown = await (
      await fetch(`${worker.url}/v1/retrieve`, { method: "POST", body: JSON.stringify(ask) })
    ).json();
    expect(reply).toMatchObject({ adapter: { name: "mine" }, data: [{ id: "peru" }] });
  });
});
