import { appendFile, readdir } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { askPairs } from "../../../../../scripts/experiments/answers/ask-pairs.ts";
import { createLogProbTask } from "../../../../../scripts/experiments/answers/log-prob-task.ts";
import type { AskedPair, Outcome } from "../../../../../scripts/experiments/answers/task.ts";
import { fakeSourceLm } from "../../../../support/fake-source-lm.ts";
import { silentProgress } from "../../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";

function pair(id: string, ...texts: readonly string[]): AskedPair {
  const nothing = { choices: undefined, subject: undefined, category: undefined, popularity: undefined };
  return {
    question: { id, text: `question ${id}`, answers: ["yes"], ...nothing },
    passages: texts.map((text) => ({ id: text, title: "", text })),
  };
}

/** A scorer that gives each new prompt the next number. */
function counting(): ReturnType<typeof fakeSourceLm> {
  let next = 0;
  return fakeSourceLm({ logProbs: () => [(next += 1)] });
}

const ask = (folder: string, pairs: readonly AskedPair[], lm = counting()): Promise<Outcome[]> =>
  askPairs({
    pairs,
    task: createLogProbTask(lm),
    folder,
    progress: silentProgress,
    signal: new AbortController().signal,
  });

describe("askPairs", () => {
  it("asks once what reads the same, and gives an outcome for each pair in order", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const outcomes = await ask(folder, [pair("q", "a", "b"), pair("q", "b", "a"), pair("q", "a", "b")]);
    expect(outcomes.map(({ logProbs }) => logProbs?.["answer"])).toEqual([1, 2, 1]);
  });

  it("asks a second run only for what is new, also after a line that was written in part", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await ask(folder, [pair("q1", "a"), pair("q2", "a")]);
    const [journal = ""] = await readdir(folder);
    await appendFile(path.join(folder, journal), '{"key":"half');
    const lm = counting();
    const outcomes = await ask(folder, [pair("q2", "a"), pair("q3", "a"), pair("q1", "a")], lm);
    expect(outcomes.map(({ logProbs }) => logProbs?.["answer"])).toEqual([2, 1, 1]);
    expect(lm.asked).toHaveLength(1);
  });

  it("keeps journals of different LMs apart", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await ask(folder, [pair("q", "a")]);
    const other = { ...counting(), fingerprint: "0".repeat(64) };
    await ask(folder, [pair("q", "a")], other);
    expect(other.asked).toHaveLength(1);
    expect(await readdir(folder)).toHaveLength(2);
  });
});
