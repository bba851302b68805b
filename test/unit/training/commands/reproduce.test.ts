import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { parseManifest } from "../../../../src/encoder/load-manifest.ts";
import { encoderFingerprint } from "../../../../src/encoder/manifest.ts";
import { encodeQueryAdapter } from "../../../../src/encoder/query-adapter.ts";
import { sha256File } from "../../../../training/artifacts/meta.ts";
import { reproduceCommand } from "../../../../training/commands/reproduce.ts";
import { inCorpusSplit } from "../../../../training/mining/in-corpus-split.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const PROJECT = path.resolve(import.meta.dirname, "../../../..");
/** Paths of a table are below the project. */
const ENCODER = "test/fixtures/encoder";

interface Cell {
  readonly set: string;
  readonly mode: string;
  readonly measure: string;
  readonly value: number;
}

interface TableOptions {
  readonly hash?: string;
  readonly questions?: number;
  /** Fields of the one model. */
  readonly model?: object;
}

async function writeTable(
  folder: string,
  cells: readonly Cell[],
  { hash, questions = 1000, model: fields = {} }: TableOptions = {},
): Promise<string> {
  const file = path.join(folder, "expected.json");
  const model = `${ENCODER}/default-encoder.json`;
  const table = {
    schemaVersion: 1,
    tolerance: 0.0005,
    questions,
    models: [
      {
        name: "tiny",
        queries: ENCODER,
        passages: ENCODER,
        files: { [model]: hash ?? (await sha256File(path.join(PROJECT, model))) },
        cells,
        ...fields,
      },
    ],
  };
  await writeFile(file, JSON.stringify(table));
  return file;
}

/** Both questions name words of their passage alone: full text puts it first. */
const LEXICAL: Cell = { set: "nfcorpus", mode: "lexical", measure: "nDCG@10", value: 1 };

async function dataFolder(folder: string): Promise<string> {
  await mkdir(path.join(folder, "data/nfcorpus"), { recursive: true });
  await writeBeirFolder(path.join(folder, "data/nfcorpus"), SMALL_BEIR);
  return path.join(folder, "data");
}

test("a cell that is as expected is OK, a set without data is said to have none", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const expected = await writeTable(folder, [LEXICAL, { ...LEXICAL, set: "bioasq" }]);
  const context = fakeContext();
  const data = await dataFolder(folder);
  await reproduceCommand.execute({ expected, data, cache: path.join(folder, "cache"), json: true }, context);
  const { isReproduced, lines } = JSON.parse(context.printed.join("")) as {
    isReproduced: boolean;
    lines: { what: string; verdict: string }[];
  };
  expect(isReproduced).toBe(true);
  expect(lines.map(({ what, verdict }) => [what, verdict])).toEqual([
    [`${ENCODER}/default-encoder.json`, "OK"],
    ["nfcorpus lexical nDCG@10", "OK"],
    ["bioasq lexical nDCG@10", "no data"],
  ]);
});

test("a cell that differs fails the command, and --write puts the new value into the table", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const untouched = { ...LEXICAL, set: "bioasq", value: 0.25 };
  const expected = await writeTable(folder, [{ ...LEXICAL, value: 0.9 }, untouched]);
  const given = { expected, data: await dataFolder(folder), cache: path.join(folder, "cache") };
  const context = fakeContext();
  await expect(reproduceCommand.execute(given, context)).rejects.toThrow(/1 of 3 lines differ/u);
  expect(context.printed.join("\n")).toMatch(/nfcorpus lexical nDCG@10 +0\.9000 +1\.0000 +FAIL/u);
  await reproduceCommand.execute({ ...given, only: ["nfcorpus"], write: true }, fakeContext());
  const table = JSON.parse(await readFile(expected, "utf8")) as { models: { cells: Cell[] }[] };
  expect(table.models[0]?.cells).toEqual([LEXICAL, untouched]);
});

test("the demo's sets need no data folder", { timeout: 120_000 }, async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  // The answers of these five are among the hundred passages that full text puts first.
  const cell = { ...LEXICAL, set: "factbook-unseen", measure: "Recall@100" };
  const expected = await writeTable(folder, [cell, LEXICAL], { questions: 5 });
  const context = fakeContext();
  await reproduceCommand.execute({ expected, cache: path.join(folder, "cache") }, context);
  expect(context.printed.join("\n")).toMatch(/factbook-unseen lexical Recall@100 +1\.0000 +1\.0000 +OK/u);
  expect(context.printed.join("\n")).toMatch(/nfcorpus lexical nDCG@10 +1\.0000 +no data/u);
});

test("questions of an adapter's own corpus are cut anew, and only the part that is named is asked", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const data = path.join(folder, "data");
  await mkdir(path.join(data, "squadshifts_reddit"), { recursive: true });
  const ids = Array.from({ length: 80 }, (_, index) => `n${index}`);
  // A question of the one part finds its passage, any other finds nothing.
  const isUnseen = (id: string): boolean => inCorpusSplit({ queryId: `q-${id}`, passageId: id }) === "test-unseen";
  await writeBeirFolder(path.join(data, "squadshifts_reddit"), {
    "corpus.jsonl": ids.map((id) => ({ _id: id, title: "", text: `about word${id}` })),
    "queries.jsonl": ids.map((id) => ({ _id: `q-${id}`, text: `${isUnseen(id) ? "word" : "no"}${id}`, split: "test" })),
    "qrels.tsv": ["query-id\tcorpus-id\tscore", ...ids.map((id) => `q-${id}\t${id}\t1`), ""].join("\n"),
  });
  const unseen = { ...LEXICAL, set: "reddit-unseen" };
  const expected = await writeTable(folder, [unseen, { ...unseen, set: "reddit-seen", value: 0 }]);
  const context = fakeContext();
  await reproduceCommand.execute({ expected, data, cache: path.join(folder, "cache") }, context);
  expect(context.printed.join("\n")).toMatch(/reddit-unseen lexical nDCG@10 +1\.0000 +1\.0000 +OK/u);
  expect(context.printed.join("\n")).toMatch(/reddit-seen lexical nDCG@10 +0\.0000 +0\.0000 +OK/u);
});

test("an entry with an adapter is measured with it", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  const encoder = "src/assets/encoder";
  const manifest = parseManifest(await readFile(path.join(PROJECT, encoder, "manifest.json"), "utf8"));
  // q - 2q: what was nearest is farthest, the last of three passages.
  const data = Float32Array.from({ length: 384 * 384 }, (_, index) => (index % 385 === 0 ? -2 : 0));
  const adapter = path.join(folder, "adapter.safetensors");
  const bytes = await encodeQueryAdapter(
    {
      name: "away",
      kind: "linear",
      dims: 384,
      normalize: true,
      compatibleWith: await encoderFingerprint(manifest),
      queryModel: manifest.model.sha256,
      provenance: {},
    },
    new Map([["delta", { shape: [384, 384], data }]]),
  );
  await writeFile(adapter, bytes);
  const model = { queries: encoder, passages: encoder, adapter };
  const expected = await writeTable(folder, [{ ...LEXICAL, mode: "dense", value: 0.5 }], { model });
  const context = fakeContext();
  const given = { expected, data: await dataFolder(folder), cache: path.join(folder, "cache") };
  await reproduceCommand.execute(given, context);
  expect(context.printed.join("\n")).toMatch(/nfcorpus dense nDCG@10 +0\.5000 +0\.5000 +OK/u);
});

test("a shipped file with other bytes fails without any data", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  const expected = await writeTable(folder, [LEXICAL], { hash: "0".repeat(64) });
  await expect(reproduceCommand.execute({ expected }, fakeContext())).rejects.toThrow(/1 of 2 lines differ/u);
});

test("the committed files are those of the committed table", async ({ expect }) => {
  const context = fakeContext();
  await reproduceCommand.execute({ json: true, only: ["nfcorpus"] }, context);
  expect(JSON.parse(context.printed.join(""))).toMatchObject({ isReproduced: true });
});

test("a name that the table lacks is refused with those it has", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  const expected = await writeTable(folder, [LEXICAL]);
  await expect(reproduceCommand.execute({ expected, only: ["msmarco"] }, fakeContext())).rejects.toThrow(
    /no "msmarco"; there are nfcorpus/u,
  );
});

test("a data folder that is not there is no set without data", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  const data = path.join(folder, "nowhere");
  await expect(reproduceCommand.execute({ data }, fakeContext())).rejects.toThrow(/no folder .*nowhere/u);
});
