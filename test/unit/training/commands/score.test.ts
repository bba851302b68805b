import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readLmScores } from "../../../../training/artifacts/lm-scores.ts";
import { scoreCommand } from "../../../../training/commands/score.ts";
import { loadNodeLlamaCpp } from "../../../../training/llama/node-llama-cpp.ts";
import { createNodeProto } from "../../../../training/onnx/codec.ts";
import { readModel } from "../../../../training/onnx/reader.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { runCliInProcess as runCli } from "../../../support/run-cli-in-process.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { writeTinyFid } from "../../../support/tiny-fid.ts";
import { tinyLogProb, writeTinyLm } from "../../../support/tiny-lm.ts";

const GGUF = path.resolve(import.meta.dirname, "../../../fixtures/llama/tiny.gguf");
/** An optional dependency: `npm test` installs it. */
const hasLlama = await loadNodeLlamaCpp().then(
  () => true,
  () => false,
);

async function world(onTestFinished: (cleanUp: () => Promise<void>) => void): Promise<{ dir: string; argv: string[] }> {
  const dir = await temporaryFolder(onTestFinished);
  await writeBeirFolder(dir, {
    ...SMALL_BEIR,
    "corpus.jsonl": ["coast", "capital", "river"].map((id) => ({ _id: id, title: "", text: `the ${id}` })),
    "queries.jsonl": [
      { _id: "q1", text: "what coast", answers: ["a"] },
      { _id: "q2", text: "what capital", answers: ["ouaga", "o"] },
      { _id: "q3", text: "no answer", answers: [] },
    ],
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tcoast\t1\nq2\tcapital\t1\n",
  });
  await writeTinyLm(path.join(dir, "lm"), "optimum");
  const run = ["q1 coast", "q1 river", "q2 capital", "q2 coast", "q2 river", "q3 coast"];
  const lines = run.map((line, rank) => `${line.replace(" ", " Q0 ")} 1 ${10 - rank} tag\n`);
  await writeFile(path.join(dir, "run.trec"), lines.join(""));
  const argv = [
    "score",
    "--data",
    ".",
    "--run",
    "run.trec",
    "--lm",
    "lm",
    "--output",
    "lm-scores.jsonl",
    "--depth",
    "2",
  ];
  return { dir, argv };
}

describe("aar score", () => {
  it("writes a score for each candidate, in several processes, and goes on where it was", async ({
    expect,
    onTestFinished,
  }) => {
    const { dir, argv } = await world(onTestFinished);
    const first = await runCli([...argv, "--processes", "2", "--json"], dir);
    expect(first.stderr).toContain('1 of 3 queries were left out, "q3" for one: signal likelihood-gain needs answers');
    expect(first.code).toBe(0);
    const scores = await Array.fromAsync(readLmScores(path.join(dir, "lm-scores.jsonl")));
    expect(scores.map(({ queryId, passageId }) => `${queryId} ${passageId}`).toSorted()).toEqual([
      "q1 coast",
      "q1 river",
      "q2 capital",
      "q2 coast",
    ]);
    // The tiny LM sees the last character only, so no passage helps.
    expect(scores.every(({ signal, score }) => signal === "likelihood-gain" && Math.abs(score) < 1e-6)).toBe(true);
    const printed = JSON.parse(first.stdout) as { tokens: number };
    expect(printed.tokens).toBeGreaterThan(6 * "what coast".length); // six prompts, a token a character
    expect(printed).toMatchObject({
      scored: 2,
      reused: 0,
      unfit: 1,
      judgedQueries: 2,
      firstStageMrr: 1,
    });

    const again = await runCli([...argv, "--json"], dir);
    expect(JSON.parse(again.stdout)).toMatchObject({ scored: 0, reused: 2, queries: 2 });
    expect(tinyLogProb(":", "a")).toBeLessThan(0);
  });

  it("refuses labels of another corpus, LM or prompt", async ({ expect, onTestFinished }) => {
    const { dir, argv } = await world(onTestFinished);
    expect((await runCli(argv, dir)).code).toBe(0);
    const before = await readFile(path.join(dir, "lm-scores.jsonl"), "utf8");
    const otherPrompt = await runCli([...argv, "--prompt", "plain"], dir);
    expect(otherPrompt.stderr).toMatch(/labels of another making: likelihood-gain: promptFingerprint was .*--output/u);
    await appendFile(path.join(dir, "corpus.jsonl"), '{"_id":"new","text":"more"}\n');
    const otherCorpus = await runCli(argv, dir);
    expect(otherCorpus.stderr).toMatch(/labels of another making: the corpus was [0-9a-f]{64}, now is/u);
    expect([otherPrompt.code, otherCorpus.code]).toEqual([1, 1]);
    expect(await readFile(path.join(dir, "lm-scores.jsonl"), "utf8")).toBe(before);
  });

  it("names what the run has and the folder lacks, and the signals there are", async ({ expect, onTestFinished }) => {
    const { dir, argv } = await world(onTestFinished);
    await appendFile(path.join(dir, "run.trec"), "q2 Q0 nowhere 1 99 tag\n");
    expect((await runCli(argv, dir)).stderr).toContain('run.trec names passage "nowhere", which . does not have');
    expect((await runCli([...argv, "--signal", "magic"], dir)).stderr).toContain(
      'no signal "magic"; there are likelihood-gain',
    );
  });

  it("refuses labels of a quantised LM that nobody compared with itself in fp32", async ({
    expect,
    onTestFinished,
  }) => {
    const { dir, argv } = await world(onTestFinished);
    const file = path.join(dir, "lm/model.onnx");
    const model = await readModel(file);
    model.graph.node.push(
      createNodeProto({ opType: "DynamicQuantizeLinear", input: ["hidden"], output: ["codes", "scale", "zero"] }),
    );
    await writeFile(file, encodeModel(model));
    const refused = await runCli(argv, dir);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/model\.onnx is quantised, .*name the same LM in fp32 with --reference/u);
  });

  it.skipIf(!hasLlama)(
    "compares FiD attention of a T5 with the likelihood of a causal LM over the same queries",
    async ({ expect, onTestFinished }) => {
      const { dir } = await world(onTestFinished);
      await writeTinyFid(path.join(dir, "t5"));
      const at = (name: string): string => path.join(dir, name);
      const common = { data: dir, run: at("run.trec"), output: at("lm-scores.jsonl"), depth: 3 };
      const score = async (given: Readonly<Record<string, unknown>>): Promise<string> => {
        const context = fakeContext();
        await scoreCommand.execute({ ...common, ...given }, context);
        return context.printed.join("\n");
      };
      await score({ signal: "fid-attention", lm: at("t5") });
      const table = await score({ signal: "query-likelihood", lm: GGUF, prompt: "plain" });
      // q3 has one candidate, so two queries have an order to compare.
      expect(table).toMatch(/^rank correlation with fid-attention +-?\d\.\d{3} +2$/mu);
      expect(table).toMatch(/^MRR of the human positive: chance +0\.\d{3} +2$/mu);
      const scored = await Array.fromAsync(readLmScores(at("lm-scores.jsonl")));
      expect(Map.groupBy(scored, ({ signal }) => signal).get("fid-attention")).toHaveLength(6);
    },
  );
});
