import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readLmScores } from "../../../../training/artifacts/lm-scores.ts";
import { readTrecRun } from "../../../../training/artifacts/trec.ts";
import { findCommand } from "../../../../training/commands/find-command.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { writeTinyLm } from "../../../support/tiny-lm.ts";
import { tinyTrainingFolder } from "../../../support/tiny-training-folder.ts";

type Options = Readonly<Record<string, unknown>>;

async function run(name: string, options: Options): Promise<string> {
  const context = fakeContext();
  await (await findCommand(name)).execute(options, context);
  return context.printed.join("\n");
}

/** Mined, labelled by a tiny LM, and trained once: what a second round starts from. */
async function firstRound(folder: string) {
  const { encoder, train, dev, vectors } = await tinyTrainingFolder(folder);
  const questions = Array.from({ length: 14 }, (_, topic) => ({
    _id: `log-${topic}`,
    text: `q${topic}`,
    answers: ["a"],
  }));
  await writeFile(path.join(folder, "queries.jsonl"), questions.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const judged = questions.map(({ _id }, topic) => `${_id}\td${topic}\t1\n`);
  await writeFile(path.join(folder, "qrels.tsv"), ["query-id\tcorpus-id\tscore\n", ...judged].join(""));
  await writeTinyLm(path.join(folder, "lm"), "scorer");
  const candidates = path.join(folder, "candidates");
  const scores = path.join(folder, "lm-scores.jsonl");
  const lm = path.join(folder, "lm");
  const cache = path.join(folder, "cache");
  const mode = { mode: "dense", encoder, vectors, depth: 6 };
  await run("mine", { data: folder, output: candidates, cache, ...mode });
  await run("score", { data: folder, run: path.join(candidates, "candidates.trec"), lm, output: scores, depth: 3 });
  const output = path.join(folder, "trained");
  const training = { epochs: 20, learningRate: 0.05, batchSize: 7, negatives: 2 };
  await run("train", { mode: "query-adapter", train, dev, vectors, encoder, output, cache, ...training });
  const adapter = path.join(output, "adapter.safetensors");
  const build = { data: folder, candidates, scores: [scores], output: path.join(folder, "round-2"), scoreDepth: 3 };
  return {
    scores,
    lm,
    adapter,
    candidates,
    build: { ...build, condition: "human", json: true, relativeMargin: "off" },
  };
}

describe("build --refresh", () => {
  it("mines with the adapter that was trained and labels only the pairs that have no label", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const { scores, lm, adapter, candidates, build } = await firstRound(folder);
    const before = await readFile(scores, "utf8");
    const printed: unknown = JSON.parse(await run("build", { ...build, refresh: true, adapter, lm }));

    const old = await readTrecRun(path.join(candidates, "candidates.trec"));
    const mined = await readTrecRun(path.join(folder, "round-2/candidates/candidates.trec"));
    const pairsOf = (ran: typeof mined): string[] =>
      [...ran].flatMap(([query, passages]) => passages.slice(0, 3).map(({ id }) => `${query} ${id}`));
    const fresh = pairsOf(mined).filter((pair) => !pairsOf(old).includes(pair));
    expect(fresh.length).toBeGreaterThan(0); // the adapter did change what is found
    expect(mined.get("log-0")?.length).toBe(6); // the depth of the first round
    const after = await readFile(scores, "utf8");
    expect(after.startsWith(before)).toBe(true);
    const labelled = await Array.fromAsync(readLmScores(scores));
    const added = labelled.slice(before.trimEnd().split("\n").length);
    expect(added.map(({ queryId, passageId }) => `${queryId} ${passageId}`).toSorted()).toEqual(fresh.toSorted());
    expect(printed).toMatchObject({ questions: { split: 14, minedAndScored: 14 } });
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, "round-2/mining-manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ options: { refresh: true, adapter }, candidates: { depth: 6, mode: "dense" } });
  });

  it.for([
    [{ adapter: "a.safetensors" }, /--adapter is of a further round: say --refresh too/u],
    [{ refresh: true, lm: "lm" }, /mines with what was trained: name it by --adapter or --encoder/u],
    [{ refresh: true, adapter: "a.safetensors" }, /name the source LM by --lm/u],
  ] as const)("refuses %o", async ([given, message], { expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const { build } = await firstRound(folder);
    await expect(run("build", { ...build, ...given })).rejects.toThrow(message);
  });
});
