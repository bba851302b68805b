import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { findCommand } from "../../../../training/commands/find-command.ts";
import type { Progress } from "../../../../training/progress.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import type { BeirFiles } from "../../../support/beir-folder.ts";
import { completionServer } from "../../../support/completion-server.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import type { FakeContext } from "../../../support/fake-context.ts";
import { lmLogProbServer } from "../../../support/lm-log-prob-server.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { writeTinyLm } from "../../../support/tiny-lm.ts";
import { tinyTrainingFolder } from "../../../support/tiny-training-folder.ts";

type CleanUp = Parameters<typeof temporaryFolder>[0];
type Options = Readonly<Record<string, unknown>>;

/** Two training questions and a test question, mined and labelled. */
const SET: BeirFiles = {
  ...SMALL_BEIR,
  "queries.jsonl": [
    { _id: "q1", text: "which country has the longest coastline", split: "test", answers: ["canada"] },
    { _id: "q3", text: "where does the nile flow", split: "train", answers: ["egypt"] },
    { _id: "q4", text: "longest coastline of all countries", split: "train", answers: ["canada"] },
  ],
  "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tcoast\t1\nq3\triver\t1\nq4\tcoast\t1\n",
};
const RUN = "q3 Q0 river 1 2 t\nq3 Q0 coast 2 1 t\nq4 Q0 coast 1 2 t\nq4 Q0 river 2 1 t\n";
const LABELS = '{"query_id":"q3","doc_id":"river","signal":"likelihood-gain","score":0.5}\n';

async function world(onTestFinished: CleanUp, files: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(folder, SET);
  await writeFile(path.join(folder, "candidates.trec"), RUN);
  await writeFile(path.join(folder, "lm-scores.jsonl"), LABELS);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), content);
  }
  const at = (name: string): string => path.join(folder, name);
  const options: Readonly<Record<string, Options>> = {
    mine: { data: folder, split: "train", mode: "lexical", output: at("mined"), cache: at("cache") },
    score: { data: folder, run: at("candidates.trec"), lm: at("lm"), output: at("new-scores.jsonl") },
    build: {
      data: folder,
      candidates: at("candidates.trec"),
      scores: [at("lm-scores.jsonl")],
      output: at("built"),
      relativeMargin: "off",
    },
    evaluate: { data: folder, mode: "lexical", cache: at("cache") },
  };
  const run = async (command: string, given: Options = {}, context = fakeContext()): Promise<FakeContext> => {
    await (await findCommand(command)).execute({ ...options[command], ...given }, context);
    return context;
  };
  return { folder, at, run };
}

/** Calls `then` after the first question that is done. */
function afterTheFirst(then: () => void): FakeContext {
  const progress = (): Progress => ({ advance: then, finish: () => undefined });
  return fakeContext({ progress });
}

async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, "utf8")).trimEnd().split("\n");
}

describe("a malformed line is named with its file and number, and nothing is written", () => {
  it.for([
    ["mine", "corpus.jsonl", '{"_id":"a","text":"x"}\n{"_id":"b"\n', /corpus\.jsonl:2: not JSON/u],
    ["mine", "queries.jsonl", '{"_id":"q","text":"x"}\n{"_id":"r","text":7}\n', /queries\.jsonl:2: text: /u],
    ["mine", "qrels.tsv", "query-id\tcorpus-id\tscore\nq3\triver\n", /qrels\.tsv:2: expected "query-id<tab>/u],
    ["evaluate", "corpus.jsonl", "{}\n", /corpus\.jsonl:1: _id: /u],
    ["score", "candidates.trec", "q3 Q0 river 1 2 t\nq3 river\n", /candidates\.trec:2: expected "query Q0 /u],
    ["score", "new-scores.jsonl", `${LABELS}nonsense\n`, /new-scores\.jsonl:2: not JSON/u],
    ["build", "lm-scores.jsonl", `${LABELS}{"query_id":"q3"}\n`, /lm-scores\.jsonl:2: doc_id: /u],
  ] as const)("%s: %s", async ([command, file, content, message], { expect, onTestFinished }) => {
    const { run, at } = await world(onTestFinished, { [file]: content });
    await writeTinyLm(at("lm"), "scorer");
    await expect(run(command)).rejects.toThrow(message);
    expect(await readFile(at(file), "utf8")).toBe(content);
    expect(["mined", "built"].filter((name) => existsSync(at(name)))).toEqual([]);
  });

  it("train: train.jsonl", async ({ expect, onTestFinished }) => {
    const { run, folder, at } = await world(onTestFinished);
    const { encoder, train, dev, vectors } = await tinyTrainingFolder(folder);
    await appendFile(train, '{"query_id":"more"}\n');
    const lines = (await linesOf(train)).length;
    const flags = { mode: "query-adapter", train, dev, vectors, encoder, output: at("trained"), cache: at("cache") };
    await expect(run("train", flags)).rejects.toThrow(new RegExp(`${path.basename(train)}:${lines}: query: `, "u"));
    expect(existsSync(at("trained/adapter.safetensors"))).toBe(false);
  });
});

describe("an id that stands there twice is named with both lines, or its own", () => {
  it.for([
    [
      "mine",
      "corpus.jsonl",
      '{"_id":"a","text":"x"}\n{"_id":"a","text":"y"}\n',
      /corpus\.jsonl:2: id "a" is already on line 1/u,
    ],
    [
      "mine",
      "queries.jsonl",
      '{"_id":"q","text":"x"}\n{"_id":"q","text":"y"}\n',
      /queries\.jsonl:2: id "q" is already on line 1/u,
    ],
    [
      "mine",
      "qrels.tsv",
      "q3\triver\t1\nq3\triver\t2\n",
      /qrels\.tsv:2: passage "river" is judged twice for query "q3"/u,
    ],
    [
      "score",
      "candidates.trec",
      `${RUN}q3 Q0 river 9 0 t\n`,
      /candidates\.trec:5: passage "river" appears twice for query "q3"/u,
    ],
  ] as const)("%s: %s", async ([command, file, content, message], { expect, onTestFinished }) => {
    const { run } = await world(onTestFinished, { [file]: content });
    await expect(run(command)).rejects.toThrow(message);
  });
});

describe("judgments of what is not there", () => {
  it("of some passages: said and left out", async ({ expect, onTestFinished }) => {
    const { run, at } = await world(onTestFinished);
    await appendFile(at("qrels.tsv"), "q4\tgone\t1\n");
    const { logged, printed } = await run("mine");
    expect(logged.join("\n")).toContain('1 of 3 judgments are of passages not in the corpus, as "gone" of query "q4"');
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({ positives: { judged: 2, anywhere: 1 } });
  });

  it.for([
    ["of all passages", "q3\tgone\t1\n", /no judged passage is in the corpus, "gone" of query "q3" for one/u],
    ["of a question", "q3\triver\t1\nq9\triver\t1\n", /query "q9" is judged but not in queries\.jsonl/u],
  ] as const)("%s: refused", async ([, qrels, message], { expect, onTestFinished }) => {
    const { run } = await world(onTestFinished, { "qrels.tsv": qrels });
    await expect(run("mine")).rejects.toThrow(message);
    await expect(run("build", { condition: "human", scores: [] })).rejects.toThrow(message);
  });
});

describe("empty passages", () => {
  it("are counted and kept, by mine and by score", async ({ expect, onTestFinished }) => {
    const { run, at } = await world(onTestFinished);
    await appendFile(at("corpus.jsonl"), '{"_id":"empty","title":"","text":""}\n');
    await appendFile(at("candidates.trec"), "q4 Q0 empty 3 0 t\n");
    expect((await run("mine")).logged.join("\n")).toContain("1 of 4 passages have neither title nor text");
    const server = await lmLogProbServer("llama.cpp", onTestFinished);
    await run("score", { lm: server.url, model: "m" });
    expect((await linesOf(at("new-scores.jsonl"))).join("\n")).toContain('"doc_id":"empty"');
  });
});

describe("questions without an answer", () => {
  const unanswered =
    '{"_id":"q3","text":"where does the nile flow"}\n{"_id":"q4","text":"coastline","answers":["canada"]}\n';

  it("are left out of a signal that needs one, and counted", async ({ expect, onTestFinished }) => {
    const { run, at } = await world(onTestFinished, { "queries.jsonl": unanswered });
    const server = await lmLogProbServer("llama.cpp", onTestFinished);
    const { logged } = await run("score", { lm: server.url, model: "m" });
    expect(logged.join("\n")).toMatch(/1 of 2 queries were left out, "q3" for one: .*likelihood-gain needs answers/u);
    expect(await linesOf(at("new-scores.jsonl"))).toHaveLength(2);
    await run("score", { lm: server.url, model: "m", signal: "query-likelihood" });
    expect(await linesOf(at("new-scores.jsonl"))).toHaveLength(6);
  });

  it("of which there is none with one: refused, before the LM is opened", async ({ expect, onTestFinished }) => {
    const { run, at } = await world(onTestFinished, { "queries.jsonl": unanswered.replace(/,"answers":.*\]/u, "") });
    await expect(run("score", { lm: at("no-such-lm") })).rejects.toThrow(
      /none of the 2 queries has what signal likelihood-gain needs \(answers\).*query-likelihood, self-answer/su,
    );
  });
});

describe("an LM server that dies midway", () => {
  it("score: what is scored is kept, the same command goes on, nothing is asked twice", async ({
    expect,
    onTestFinished,
  }) => {
    const { run, at } = await world(onTestFinished);
    const server = await lmLogProbServer("llama.cpp", onTestFinished);
    const given = { lm: server.url, model: "m", json: true };
    await expect(run("score", given, afterTheFirst(server.die))).rejects.toThrow(/the same command goes on/u);
    const before = await linesOf(at("new-scores.jsonl.pending"));
    expect(before).toHaveLength(1);
    server.revive();
    const { printed } = await run("score", given);
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({ scored: 2, reused: 0 });
    const after = await linesOf(at("new-scores.jsonl"));
    expect(after).toContain(before[0]);
    expect(after).toHaveLength(4);
  });

  it.for(["synthesize", "answer"] as const)("%s: the same", async (command, { expect, onTestFinished }) => {
    const { run, folder, at } = await world(onTestFinished);
    const reply = { choices: [{ message: { content: "Where does the Nile flow?" } }] };
    const server = await completionServer(() => reply, onTestFinished);
    const lm = { lm: server.url, model: "m", concurrency: 1 };
    const given = {
      synthesize: { corpus: folder, output: at("out"), mode: "lexical", minWords: 0, cache: at("cache"), ...lm },
      answer: { data: folder, split: "train", protocol: "popqa-gpt", output: at("out"), ...lm },
    }[command];
    const [asked, journal] = { synthesize: [3, "replies.jsonl"], answer: [2, "answers.jsonl"] }[command] as [
      number,
      string,
    ];
    await expect(run(command, given, afterTheFirst(server.die))).rejects.toMatchObject({
      code: "upstream_unavailable",
    });
    const before = await readFile(at(`out/${journal}`), "utf8");
    server.revive();
    await run(command, given);
    expect(server.bodies).toHaveLength(asked);
    expect((await readFile(at(`out/${journal}`), "utf8")).startsWith(before)).toBe(true);
  });
});

describe("held-out questions are refused", () => {
  it.for([
    ["mine", { split: "test" }, /split "test" is a test split and not for mining; the set also has train/u],
    ["mine", { heldOut: ["FOLDER:train"] }, /\(train\) is held out .* and not for mining/u],
    ["build", { split: "test" }, /is a test split and not for training/u],
    ["build", { heldOut: ["FOLDER"] }, /is held out .* and not for training/u],
    ["fit-fusion", { split: "test" }, /fitted on the test questions would report their luck/u],
    ["answer", { documents: [1, 2], split: "train", documentsSplit: "test" }, /a test split is not for choosing/u],
    ["split", { shares: ["train=0.5,test=0.5"], from: "test" }, /test/u],
  ] as const)("%s %o", async ([command, given, message], { expect, onTestFinished }) => {
    const { run, folder, at } = await world(onTestFinished);
    const heldOut =
      "heldOut" in given ? { heldOut: given.heldOut.map((name) => name.replace("FOLDER", path.basename(folder))) } : {};
    const flags = {
      "fit-fusion": { data: folder, output: at("fusion.json") },
      answer: { data: folder, protocol: "popqa-gpt", lm: "http://127.0.0.1:9/v1", output: at("out") },
      split: { data: folder, output: at("cut") },
    };
    const own = command in flags ? flags[command as keyof typeof flags] : {};
    await expect(run(command, { ...own, ...given, ...heldOut })).rejects.toThrow(message);
    expect(["mined", "built", "fusion.json", "out"].filter((name) => existsSync(at(name)))).toEqual([]);
  });

  it.for([
    ["train", "test", /split "test" is a test split and not for training/u],
    ["dev", "test", /split "test" is a test split and not for choosing checkpoints/u],
  ] as const)(
    "adapt: a set with role %s on split %s, before any stage",
    async ([role, split, message], { expect, onTestFinished }) => {
      const { run, folder, at } = await world(onTestFinished);
      const set = (of: string, ofRole: string) => ({ data: folder, split: of, role: ofRole });
      const sets =
        role === "train"
          ? { log: set(split, "train"), held: set("train", "test") }
          : { log: set("train", "train"), chosen: set(split, "dev"), held: set("test", "test") };
      const experiment = { schemaVersion: 1, name: "e", overlap: "allow", sets, score: { lm: "lm.onnx" } };
      await writeFile(at("experiment.json"), JSON.stringify(experiment));
      await expect(run("adapt", { experiment: at("experiment.json"), work: at("work") })).rejects.toThrow(message);
      expect(existsSync(at("work"))).toBe(false);
    },
  );
});
