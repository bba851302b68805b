import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { answerCommand } from "../../../../training/commands/answer.ts";
import { readPerQueryScores } from "../../../../training/eval/per-query-scores.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { completionServer } from "../../../support/completion-server.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

async function workspace(onTestFinished: Parameters<typeof temporaryFolder>[0]) {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(folder, SMALL_BEIR);
  await writeFile(path.join(folder, "run.trec"), "q1 Q0 coast 1 2 x\nq1 Q0 river 2 1 x\nq3 Q0 river 1 1 x\n");
  // Reads what the passages say: right exactly when the relevant one is in the prompt.
  const server = await completionServer((body) => {
    const prompt = JSON.stringify(body["messages"]);
    const text = prompt.includes("Canada has the longest") ? "It is Canada." : "Egypt";
    return { choices: [{ message: { content: text } }], usage: { prompt_tokens: 5, completion_tokens: 2 } };
  }, onTestFinished);
  const printed: string[] = [];
  const logged: string[] = [];
  const context = {
    print: (text: string) => void printed.push(text),
    log: (text: string) => void logged.push(text),
    progress: silentProgress,
    env: {},
    signal: new AbortController().signal,
  };
  const given = {
    data: folder,
    run: [path.join(folder, "run.trec")],
    protocol: "popqa-gpt",
    lm: server.url,
    model: "local",
    output: path.join(folder, "answers"),
  };
  return { folder, server, printed, logged, context, given };
}

describe("aar answer", () => {
  it("asks, scores, writes per-query scores and the summary, and says who was asked without passages", async ({
    expect,
    onTestFinished,
  }) => {
    const { given, context, printed, logged, server } = await workspace(onTestFinished);
    await answerCommand.execute({ ...given, parameters: '{"retrieval":false}' }, context);
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({
      questions: 2,
      documents: 3,
      means: { Accuracy: 0.5, EM: 0 },
      promptTokens: 10,
      completionTokens: 4,
    });
    expect(server.bodies.map(({ retrieval }) => retrieval)).toEqual([false, false]);
    const scores = await readPerQueryScores(path.join(given.output, "per-query.jsonl"));
    expect([scores.get("q1")?.["Accuracy"], scores.get("q2")?.["Accuracy"]]).toEqual([1, 0]);
    const summary: unknown = JSON.parse(await readFile(path.join(given.output, "scores.json"), "utf8"));
    expect(summary).toEqual(JSON.parse(printed[0] ?? ""));
    expect(logged.join("\n")).toContain('1 of 2 questions are in no run, as "q2"');
  });

  it("chooses the number of passages on other questions", async ({ expect, onTestFinished }) => {
    const { given, context, printed } = await workspace(onTestFinished);
    await answerCommand.execute({ ...given, documents: ["0", "1", "2"], documentsSplit: "dev" }, context);
    // q3 is always "Egypt"; q4 is in no run: all numbers are equally good, the smallest is taken.
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({ documents: 0, curve: [{ accuracy: 0.5 }, {}, {}] });
  });

  it("refuses to choose on the questions it reports, a protocol of another kind, and malformed flags", async ({
    expect,
    onTestFinished,
  }) => {
    const { given, context, server } = await workspace(onTestFinished);
    const refusals: [Record<string, unknown>, RegExp][] = [
      [{ documents: ["1", "2"] }, /choose among them on other questions/u],
      [{ documents: ["1", "2"], split: "dev", documentsSplit: "dev" }, /a --documents-split that is not --split dev/u],
      [{ protocol: "mmlu-gpt" }, /asks choice questions; "q1" of .* has no choices/u],
      [{ parameters: "[]" }, /--parameters: expected a JSON object/u],
      [{ where: ["set"] }, /--where set: expected FIELD=VALUE/u],
      [{ lm: "ftp://x" }, /expected an http or https URL/u],
    ];
    for (const [flags, message] of refusals) {
      await expect(answerCommand.execute({ ...given, ...flags }, context)).rejects.toThrow(message);
    }
    expect(server.bodies).toEqual([]);
  });
});
