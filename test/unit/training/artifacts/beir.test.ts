import path from "node:path";
import { describe, it } from "vitest";
import { checkJudgedPassages, loadCorpus, loadEvaluationSet } from "../../../../training/artifacts/beir.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import type { BeirFiles } from "../../../support/beir-folder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

type CleanUp = Parameters<typeof temporaryFolder>[0];

async function folderWith(onTestFinished: CleanUp, files: BeirFiles): Promise<string> {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(folder, files);
  return folder;
}

async function corpusWith(onTestFinished: CleanUp, lines: BeirFiles["corpus.jsonl"]): Promise<string> {
  return path.join(await folderWith(onTestFinished, { "corpus.jsonl": lines ?? [] }), "corpus.jsonl");
}

describe("loadCorpus", () => {
  it("fills in what a plain BEIR corpus lacks, and takes numbers for ids", async ({ expect, onTestFinished }) => {
    const file = await corpusWith(onTestFinished, [
      { _id: 7, text: "x", pmid: "ignored" },
      { _id: "b", title: "B", text: "", url: "u", document_id: "d", metadata: { year: 1999, tags: ["t"] } },
    ]);
    expect(await loadCorpus(file)).toEqual([
      { id: "7", title: "", text: "x", url: "", documentId: "7", metadata: {} },
      { id: "b", title: "B", text: "", url: "u", documentId: "d", metadata: { year: 1999, tags: ["t"] } },
    ]);
  });

  it("keeps passages without title and text, and tells their number once", async ({ expect, onTestFinished }) => {
    const file = await corpusWith(onTestFinished, [
      { _id: "a", text: "x" },
      { _id: "b", title: " ", text: "\n" },
      { _id: "c", text: "" },
    ]);
    const warnings: string[] = [];
    const passages = await loadCorpus(file, (message) => warnings.push(message));
    expect(passages.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(warnings).toEqual([expect.stringContaining("2 of 3 passages have neither title nor text")]);
  });

  it("drops nulls, takes nested metadata and ids with spaces", async ({ expect, onTestFinished }) => {
    const file = await corpusWith(onTestFinished, [
      { _id: "a b", title: null, text: "x", url: null, document_id: 4, metadata: null, _score: { any: [1, null] } },
      { _id: "b", text: "y", document_id: null, metadata: { year: null, by: { name: "N", age: null }, tags: ["t"] } },
    ]);
    expect(await loadCorpus(file)).toEqual([
      { id: "a b", title: "", text: "x", url: "", documentId: "4", metadata: {} },
      { id: "b", title: "", text: "y", url: "", documentId: "b", metadata: { by: { name: "N" }, tags: ["t"] } },
    ]);
  });

  it.for([
    [
      "an id seen before",
      [
        { _id: "a", text: "x" },
        { _id: "a", text: "y" },
      ],
      /corpus\.jsonl:2: id "a" is already on line 1/u,
    ],
    ["a missing text", [{ _id: "a", title: "x" }], /:1: text: /u],
    ["an empty id", [{ _id: "", text: "x" }], /:1: _id: an id must not be empty/u],
    ["an id with a line break", [{ _id: "a\nb", text: "x" }], /:1: _id: an id must not .*line break/u],
    [
      "metadata nested twice",
      [{ _id: "a", text: "x", metadata: { a: { b: { c: 1 } } } }],
      /:1: metadata\.a: expected/u,
    ],
    ["no passage at all", [], /holds no passage/u],
  ] as const)("refuses %s", async ([, lines, message], { expect, onTestFinished }) => {
    await expect(loadCorpus(await corpusWith(onTestFinished, lines))).rejects.toThrow(message);
  });
});

describe("loadEvaluationSet", () => {
  it("reads one qrels file with splits in the queries", async ({ expect, onTestFinished }) => {
    const set = await loadEvaluationSet(await folderWith(onTestFinished, SMALL_BEIR), "test");
    expect(set.queries.map(({ id }) => id)).toEqual(["q1", "q2"]);
    expect([...set.qrels.keys()]).toEqual(["q1", "q2"]);
  });

  it("reads the standard layout, where qrels/<split>.tsv says which queries belong to it", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await folderWith(onTestFinished, {
      "queries.jsonl": [
        { _id: "q1", text: "one" },
        { _id: "q2", text: "two" },
      ],
      "qrels/dev.tsv": "query-id\tcorpus-id\tscore\nq2\tp\t2\n",
    });
    const set = await loadEvaluationSet(folder, "dev");
    expect(set.queries).toMatchObject([{ id: "q2", answers: [] }]);
    expect(set.qrels.get("q2")?.get("p")).toBe(2);
  });

  it("reads a folder as BEIR distributes it, saved by Windows tools", async ({ expect, onTestFinished }) => {
    const bom = "\u{feff}";
    const folder = await folderWith(onTestFinished, {
      "corpus.jsonl": `${bom}{"_id": "d 1", "title": "", "text": "x", "metadata": {}}\r\n`,
      "queries.jsonl": `${bom}{"_id": "q 1", "text": "one", "metadata": {"split": null, "n": [1]}}\r\n`,
      "qrels/test.tsv": `${bom}query-id\tcorpus-id\tscore\r\nq 1\td 1\t2\r\n`,
    });
    const { queries, qrels } = await loadEvaluationSet(folder, "test");
    expect(queries).toMatchObject([{ id: "q 1", text: "one" }]);
    expect(qrels).toEqual(new Map([["q 1", new Map([["d 1", 2]])]]));
    expect((await loadCorpus(path.join(folder, "corpus.jsonl"))).map(({ id }) => id)).toEqual(["d 1"]);
  });

  it("keeps a query of the split that nobody judged", async ({ expect, onTestFinished }) => {
    const folder = await folderWith(onTestFinished, {
      ...SMALL_BEIR,
      "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tcoast\t1\n",
    });
    const set = await loadEvaluationSet(folder, "test");
    expect(set.queries).toHaveLength(2);
    expect(set.qrels.size).toBe(1);
  });

  it.for([
    ["an unknown split", {}, "tset", /no queries of split "tset".*the queries know dev, test/u],
    [
      "a judged query that is not there",
      { "qrels.tsv": "q9\tcoast\t1\n" },
      "test",
      /query "q9" is judged but not in queries\.jsonl/u,
    ],
    [
      "a grade that is no integer",
      { "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tcoast\thigh\n" },
      "test",
      /qrels\.tsv:2: expected/u,
    ],
    ["spaces for tabs", { "qrels.tsv": "q1 coast 1\n" }, "test", /qrels\.tsv:1: expected/u],
    [
      "a passage judged twice",
      { "qrels.tsv": "q1\tcoast\t1\nq1\tcoast\t2\n" },
      "test",
      /qrels\.tsv:2: passage "coast" is judged twice/u,
    ],
    [
      "an empty query",
      { "queries.jsonl": [{ _id: "q1", text: " " }] },
      "test",
      /queries\.jsonl:1: text: a query must not be empty/u,
    ],
  ] as const)("refuses %s", async ([, files, split, message], { expect, onTestFinished }) => {
    const folder = await folderWith(onTestFinished, { ...SMALL_BEIR, ...files });
    await expect(loadEvaluationSet(folder, split)).rejects.toThrow(message);
  });
});

describe("checkJudgedPassages", () => {
  const qrels = new Map([
    [
      "q1",
      new Map([
        ["coast", 1],
        ["gone", 1],
        ["lost", 0],
      ]),
    ],
  ]);

  it("tells how many judged passages the corpus lacks, and goes on", ({ expect }) => {
    const warnings: string[] = [];
    checkJudgedPassages(qrels, new Set(["coast"]), (message) => warnings.push(message));
    expect(warnings).toEqual([
      expect.stringMatching(/^2 of 3 judgments .*"gone" of query "q1"; they count as missed$/u),
    ]);
  });

  it("says nothing when all are there, and refuses the judgments of another corpus", ({ expect }) => {
    const fail = (message: string): never => expect.fail(message);
    checkJudgedPassages(qrels, new Set(["coast", "gone", "lost", "more"]), fail);
    expect(() => checkJudgedPassages(qrels, new Set(["other"]), fail)).toThrow(/no judged passage is in the corpus/u);
  });
});
