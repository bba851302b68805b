import { describe, it } from "vitest";
import { loadQuestions } from "../../../../training/mining/load-questions.ts";
import type { LoadQuestionsOptions } from "../../../../training/mining/load-questions.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import type { BeirFiles } from "../../../support/beir-folder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

type OnTestFinished = Parameters<typeof temporaryFolder>[0];

async function optionsFor(
  files: BeirFiles,
  onTestFinished: OnTestFinished,
): Promise<LoadQuestionsOptions & { warnings: string[] }> {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(folder, files);
  const warnings: string[] = [];
  return {
    folder,
    split: "dev",
    purpose: "mining",
    corpusIds: new Set(["coast", "capital", "river"]),
    warn: (message) => warnings.push(message),
    warnings,
  };
}

describe("loadQuestions", () => {
  it("takes the questions of a split with their judgments", async ({ expect, onTestFinished }) => {
    const { queries, qrels } = await loadQuestions(await optionsFor(SMALL_BEIR, onTestFinished));
    expect(queries.map(({ id }) => id)).toEqual(["q3", "q4"]);
    expect(qrels).toEqual(
      new Map([
        ["q3", new Map([["river", 1]])],
        ["q4", new Map([["coast", 1]])],
      ]),
    );
  });

  it("refuses the test split of a set that has another", async ({ expect, onTestFinished }) => {
    const options = await optionsFor(SMALL_BEIR, onTestFinished);
    await expect(loadQuestions({ ...options, split: "test", allowTest: true })).rejects.toThrow(/also has dev/u);
  });

  it("takes a log without splits and judgments as it is, whatever the split is called", async ({
    expect,
    onTestFinished,
  }) => {
    const log = {
      "queries.jsonl": [
        { _id: "a", text: "one" },
        { _id: "b", text: "two" },
      ],
    };
    const { queries, qrels } = await loadQuestions({ ...(await optionsFor(log, onTestFinished)), split: "train" });
    expect([queries.map(({ id }) => id), qrels.size]).toEqual([["a", "b"], 0]);
    const judged = { ...log, "qrels.tsv": "query-id\tcorpus-id\tscore\nb\tcoast\t1\n" };
    const withQrels = await loadQuestions({ ...(await optionsFor(judged, onTestFinished)), split: "train" });
    expect(withQrels.queries.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(withQrels.qrels).toEqual(new Map([["b", new Map([["coast", 1]])]]));
  });

  it("says which splits an unjudged log has when it lacks the one asked for", async ({ expect, onTestFinished }) => {
    const log = { "queries.jsonl": [{ _id: "a", text: "one", split: "march" }] };
    await expect(loadQuestions(await optionsFor(log, onTestFinished))).rejects.toThrow(/no split "dev"; it has march/u);
  });

  it("leaves out judgments of passages that the corpus lacks, and says so", async ({ expect, onTestFinished }) => {
    const options = await optionsFor(SMALL_BEIR, onTestFinished);
    const { qrels } = await loadQuestions({ ...options, corpusIds: new Set(["river"]) });
    expect([...qrels.keys()]).toEqual(["q3"]);
    expect(options.warnings).toEqual([expect.stringContaining("1 of 2 judgments are of passages not in the corpus")]);
  });

  it("takes nested parts with a growing limit, in the order of the file", async ({ expect, onTestFinished }) => {
    const ids = Array.from({ length: 40 }, (_, index) => `q${index}`);
    const log = { "queries.jsonl": ids.map((id) => ({ _id: id, text: id })) };
    const options = await optionsFor(log, onTestFinished);
    const take = async (limit: number, seed = 0): Promise<string[]> =>
      (await loadQuestions({ ...options, limit, seed })).queries.map(({ id }) => id);
    const [ten, twenty] = [await take(10), await take(20)];
    expect(ten).toHaveLength(10);
    expect(twenty.filter((id) => ten.includes(id))).toEqual(ten);
    expect(ten).toEqual(ids.filter((id) => ten.includes(id)));
    await expect(take(10, 1)).resolves.not.toEqual(ten);
  });
});
