import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readTrainingExamples } from "../../../../training/artifacts/training-examples.ts";
import { COMMANDS } from "../../../../training/commands/registry.ts";
import type { CommandContext } from "../../../../training/define-command.ts";
import { writeBeirFolder } from "../../../support/beir-folder.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const PASSAGES = ["gold", "near", "liked", "second", "far", "answer"];

/** Two questions: of `q1` people know a passage and the LM likes another; of `q2` both like the same. */
async function writeSet(folder: string): Promise<void> {
  await writeBeirFolder(folder, {
    "corpus.jsonl": PASSAGES.map((id) => ({
      _id: id,
      title: "",
      text: id === "answer" ? "It is Mali." : `about ${id}`,
    })),
    "queries.jsonl": [
      { _id: "q1", text: "one", split: "train", answers: ["Mali"] },
      { _id: "q2", text: "two", split: "train" },
      { _id: "q3", text: "three", split: "train" },
      { _id: "t1", text: "four", split: "test" },
    ],
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tgold\t1\nq2\tliked\t1\nq3\tgold\t1\nt1\tgold\t1\n",
  });
  const run = (query: string, ids: readonly string[], scores: readonly number[]): string =>
    ids.map((id, index) => `${query} Q0 ${id} ${index + 1} ${scores[index] ?? 0} t\n`).join("");
  await writeFile(
    path.join(folder, "candidates.trec"),
    run("q1", ["near", "liked", "second", "answer", "far"], [9, 8, 7, 6, 5]) +
      run("q2", ["liked", "second", "far"], [3, 2, 1]) +
      run("q3", ["far"], [1]),
  );
  await writeFile(
    path.join(folder, "similarities.trec"),
    run("q1", ["gold", "near", "liked", "second", "answer", "far"], [0.8, 0.79, 0.5, 0.45, 0.4, 0.1]) +
      run("q2", ["liked", "second", "far"], [0.6, 0.3, 0.2]),
  );
  const scores = [
    ["q1", "near", -1],
    ["q1", "liked", 2],
    ["q1", "second", 1],
    ["q2", "liked", 0.5],
    ["q2", "second", -0.5],
  ] as const;
  await writeFile(
    path.join(folder, "lm-scores.jsonl"),
    scores
      .map(([query_id, doc_id, score]) => `${JSON.stringify({ query_id, doc_id, signal: "likelihood-gain", score })}\n`)
      .join(""),
  );
}

async function build(folder: string, given: Readonly<Record<string, unknown>>): Promise<unknown> {
  const printed: string[] = [];
  const context: CommandContext = {
    print: (text) => printed.push(text),
    log: () => undefined,
    progress: silentProgress,
    env: {},
    signal: new AbortController().signal,
  };
  const flags = {
    data: folder,
    candidates: folder,
    scores: [path.join(folder, "lm-scores.jsonl")],
    output: path.join(folder, "out"),
    devShare: 0,
    json: true,
  };
  const command = await COMMANDS["build"]?.load();
  await command?.execute({ ...flags, ...given }, context);
  return JSON.parse(printed.join("\n"));
}

async function examplesOf(folder: string) {
  return await Array.fromAsync(readTrainingExamples(path.join(folder, "out/train.jsonl"), new Set(PASSAGES)));
}

describe("aar build", () => {
  it("puts people's positives above all that the LM scored, by --human-lead, whether the LM knows them or not", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    await build(folder, { condition: "both", lmPositives: 1, humanLead: 1.5 });
    const [first, second] = await examplesOf(folder);
    expect(first?.scores).toEqual({ gold: 3.5, liked: 2, second: 1, near: -1 });
    expect(first?.positives).toEqual([
      { passageId: "gold", from: ["human"], score: 3.5 },
      { passageId: "liked", from: ["likelihood-gain"], score: 2 },
    ]);
    // Above the others: what the LM said of this one itself does not count twice.
    expect(second?.scores).toEqual({ liked: 1, second: -0.5 });
    await expect(build(folder, { condition: "lm", humanLead: 1 })).rejects.toThrow(
      "--human-lead is for --condition both; got --condition lm",
    );
  });

  it("deals the questions of a --limit into both parts: the two choices are independent", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const ids = Array.from({ length: 200 }, (_, index) => `q${index}`);
    await writeBeirFolder(folder, {
      "corpus.jsonl": PASSAGES.map((id) => ({ _id: id, title: "", text: `about ${id}` })),
      "queries.jsonl": ids.map((id) => ({ _id: id, text: id, split: "train" })),
      "qrels.tsv": `query-id\tcorpus-id\tscore\n${ids.map((id) => `${id}\tgold\t1\n`).join("")}`,
    });
    await writeFile(path.join(folder, "candidates.trec"), ids.map((id) => `${id} Q0 far 1 1 t\n`).join(""));
    const human = { condition: "human", scores: [], relativeMargin: "off", limit: 40, devShare: 0.5 };
    const { train, dev } = (await build(folder, human)) as { train: number; dev: number }; // what build prints
    expect(train + dev).toBe(40);
    expect(Math.min(train, dev)).toBeGreaterThan(8);
  });

  it("fuses the first stage's own scores with the LM's on demand, worked out by hand", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    await build(folder, { condition: "lm", firstStage: true, lmPositives: 1, negatives: 0 });
    const [first] = await examplesOf(folder);
    // z of the LM's -1, 2, 1: -1.3363, 1.0690, 0.2673; of the first stage's 9, 8, 7: 1.2247, 0, -1.2247.
    expect(first?.scores?.["liked"]).toBeCloseTo(1.069 / 2, 4);
    expect(first?.scores?.["near"]).toBeCloseTo((1.2247 - 1.3363) / 2, 4);
    expect(first?.scores?.["second"]).toBeCloseTo((0.2673 - 1.2247) / 2, 4);
    expect(first?.positives.map(({ passageId }) => passageId)).toEqual(["liked"]);
  });

  it("joins human and LM positives and filters the negatives, worked out by hand", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    const printed = await build(folder, { spareLmRanks: 2, minNegatives: 0 });
    expect(await examplesOf(folder)).toEqual([
      {
        queryId: "q1",
        query: "one",
        positives: [
          { passageId: "gold", from: ["human"] },
          { passageId: "liked", from: ["likelihood-gain"], score: 2 },
          { passageId: "second", from: ["likelihood-gain"], score: 1 },
        ],
        // near: 0.79 > 0.95 x 0.8; answer: holds Mali.
        hardNegatives: ["far"],
        scores: { liked: 2, second: 1, near: -1 },
      },
      {
        queryId: "q2",
        query: "two",
        positives: [{ passageId: "liked", from: ["human", "likelihood-gain"], score: 0.5 }],
        // second is the LM's second rank.
        hardNegatives: ["far"],
        scores: { liked: 0.5, second: -0.5 },
      },
    ]);
    expect(printed).toMatchObject({
      train: 2,
      dev: 0,
      questions: { split: 3, minedAndScored: 2, noPositive: 0 },
      rejected: { positive: 3, "lm-rank": 1, answer: 1, "margin-relative": 1, "margin-absolute": 0 },
      // q1: 0 of 3; q2: liked of {liked}: 1.
      overlaps: [{ of: "human / likelihood-gain", jaccard: 0.5, questions: 2 }],
    });
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, "out/mining-manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ train: 2, options: { spareLmRanks: 2, seed: 0 } });
  });

  it("keeps judgments out of a condition that has none", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    await build(folder, { condition: "control-first", relativeMargin: "off", spareLmRanks: 0, answerFilter: false });
    const [, second] = await examplesOf(folder);
    expect(second).toMatchObject({ positives: [{ passageId: "liked", from: ["control-first"] }] });
    await build(folder, {
      condition: "lm",
      lmPositives: 1,
      relativeMargin: "off",
      spareLmRanks: 0,
      answerFilter: false,
    });
    const [first] = await examplesOf(folder);
    expect(first?.positives.map(({ passageId }) => passageId)).toEqual(["liked"]);
    expect(first?.hardNegatives).toEqual(["near", "second", "answer", "far"]);
  });

  it("strict3 keeps the questions with three positives", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    const printed = await build(folder, { strict3: true, gainTest: false });
    expect((await examplesOf(folder)).map(({ queryId }) => queryId)).toEqual(["q1"]);
    expect(printed).toMatchObject({ questions: { notThreePositives: 1 } });
  });

  it("without scores uses all judged questions, mined or not asked of an LM", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    await build(folder, { condition: "human", scores: [], relativeMargin: "off" });
    expect((await examplesOf(folder)).map(({ queryId }) => queryId)).toEqual(["q1", "q2", "q3"]);
  });

  it.for([
    [{ split: "test" }, /test split and not for training/u],
    [{ condition: "lm", scores: [] }, /--condition lm needs --scores/u],
    [{ signals: ["fid-attention"] }, /--signals fid-attention: the score files have likelihood-gain/u],
    [{ relativeMargin: "5 %" }, /expected off, auto or a number/u],
    [{ heldOut: ["other", "NAME"] }, /is held out/u],
  ] as const)("refuses %o", async ([given, message], { expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    const heldOut = "heldOut" in given ? { heldOut: [path.basename(folder)] } : {};
    await expect(build(folder, { ...given, ...heldOut })).rejects.toThrow(message);
  });

  it("refuses labels that were made over another corpus", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    const inputs = { corpus: "1".repeat(64), queries: "2".repeat(64) };
    const meta = { stage: "score", schemaVersion: 1, inputs, facts: { signals: {} } };
    await writeFile(path.join(folder, "lm-scores.jsonl.meta.json"), JSON.stringify(meta));
    await expect(build(folder, {})).rejects.toMatchObject({ code: "fingerprint_mismatch" });
  });

  it("says that margins need an encoder's similarities", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    await rm(path.join(folder, "similarities.trec"));
    await expect(build(folder, {})).rejects.toThrow(/no similarities\.trec .* pass --relative-margin off/u);
  });

  it("refuses candidates of another corpus", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeSet(folder);
    const other = path.join(folder, "other.trec");
    await writeFile(other, "q1 Q0 zebra 1 1 t\n");
    await expect(build(folder, { candidates: other })).rejects.toThrow(
      /candidate "zebra" of query "q1" is not in the corpus/u,
    );
    const meta = { stage: "mine", schemaVersion: 1, inputs: { corpus: "0".repeat(64) }, facts: {} };
    await writeFile(path.join(folder, "candidates.trec.meta.json"), JSON.stringify(meta));
    await expect(build(folder, {})).rejects.toThrow(/mined from a corpus with sha256 0000/u);
  });
});
