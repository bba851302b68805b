import path from "node:path";
import { describe, it } from "vitest";
import { loadEvaluationSet } from "../../../../training/artifacts/beir.ts";
import { synthesizeCommand } from "../../../../training/commands/synthesize.ts";
import { writeBeirFolder } from "../../../support/beir-folder.ts";
import { completionServer } from "../../../support/completion-server.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const PASSAGES = {
  nile: "The Nile flows through Egypt to the sea",
  mali: "Bamako is the capital of Mali",
  peru: "Lima is the capital of Peru",
  lost: "Nobody asks about this one",
  twin: "The same question as of its twin",
  twin2: "Again the question that its twin has",
};
/** What the LM asks about each passage, by a word of it. */
const REPLIES: Readonly<Record<string, string>> = {
  Nile: "Question: Where does the Nile flow?",
  Bamako: "1. What is the capital of Mali?",
  Lima: "Which country has Bamako and Mali?", // about another passage: comes back second at best
  Nobody: "I cannot.",
  same: "Is it a twin?",
  Again: "Is it a twin?",
};

describe("aar synthesize", () => {
  it("writes a set of the questions that find their own passage, counts the others, and does not ask twice", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeBeirFolder(folder, { "corpus.jsonl": Object.entries(PASSAGES).map(([_id, text]) => ({ _id, text })) });
    const server = await completionServer((body) => {
      const prompt = JSON.stringify(body["messages"]);
      const word = Object.keys(REPLIES).find((key) => prompt.includes(key)) ?? "";
      return { choices: [{ message: { content: REPLIES[word] } }], usage: { prompt_tokens: 9, completion_tokens: 1 } };
    }, onTestFinished);
    const printed: string[] = [];
    const context = {
      print: (text: string) => void printed.push(text),
      log: () => undefined,
      progress: silentProgress,
      env: {},
      signal: new AbortController().signal,
    };
    const output = path.join(folder, "synthetic");
    const cache = path.join(folder, "cache");
    const given = {
      corpus: folder,
      output,
      cache,
      lm: server.url,
      model: "local",
      minWords: 4,
      keepRank: 1,
      mode: "lexical",
    };
    await synthesizeCommand.execute({ ...given, passages: 2 }, context);
    expect(server.bodies).toHaveLength(2);
    await synthesizeCommand.execute(given, context);
    expect(server.bodies).toHaveLength(6);
    expect(JSON.parse(printed.at(-1) ?? "")).toMatchObject({
      asked: 6,
      tokens: 60,
      "no-question": 1,
      duplicate: 2,
      questions: 3,
      kept: 2,
    });
    const set = await loadEvaluationSet(output, "train");
    expect(new Map(set.queries.map(({ id, text }) => [id, text]))).toEqual(
      new Map([
        ["synthetic-mali", "What is the capital of Mali?"],
        ["synthetic-nile", "Where does the Nile flow?"],
      ]),
    );
    expect(set.qrels.get("synthetic-nile")).toEqual(new Map([["nile", 1]]));
  });
});
