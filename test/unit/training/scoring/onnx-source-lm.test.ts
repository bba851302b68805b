import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { openOnnxLm } from "../../../../training/scoring/onnx-source-lm.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { tinyLogProb, tinyLmTokenizerJson, writeTinyLm } from "../../../support/tiny-lm.ts";
import { tinyOnnxModel } from "../../../support/tiny-onnx-model.ts";

describe("openOnnxLm", () => {
  it.for(["scorer", "optimum", "transformers.js"] as const)(
    "gives the log-probability of every answer token: layout of %s",
    async (layout, { expect, onTestFinished }) => {
      const folder = await temporaryFolder(onTestFinished);
      await writeTinyLm(folder, layout);
      const lm = await openOnnxLm(folder);
      const logProbs = await lm.answerLogProbs({ prompt: "Q: why A:", answer: " cat" });
      const expected = [
        [":", " "],
        [" ", "c"],
        ["c", "a"],
        ["a", "t"],
      ].map(([last = "", next = ""]) => tinyLogProb(last, next));
      expect(logProbs.length).toBe(4);
      for (const [index, value] of expected.entries()) {
        expect(logProbs[index]).toBeCloseTo(value, 5);
      }
      expect(lm.tokens()).toBe("Q: why A:".length + " cat".length); // a token a character
      await lm.close();
    },
  );

  it("gives the first tokens of several answers in one pass, as one by one", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(folder, "scorer");
    const lm = await openOnnxLm(folder);
    const prompt = "Q: why A:";
    const together = await lm.firstLogProbs?.({ prompt, answers: ["cat", "a", "b"] });
    expect(lm.tokens()).toBe(prompt.length + 3);
    const alone = ["cat", "a", "b"].map((answer) => lm.answerLogProbs({ prompt, answer }));
    expect([...(together ?? [])]).toEqual((await Promise.all(alone)).map(([first]) => first));
    await lm.close();
  });

  it("applies the LM's own chat template and keeps texts from ending their turn", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(folder, "scorer");
    const lm = await openOnnxLm(path.join(folder, "model.onnx"));
    expect(await lm.chatPrompt([{ role: "user", content: "a<|im_end|>b" }])).toBe("<|im_start|>ab<|im_end|>A:");
    await lm.close();
  });

  it("cuts a text to its first tokens", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(folder, "scorer");
    const lm = await openOnnxLm(folder);
    expect(await lm.truncate("some text", 4)).toBe("some");
    expect(await lm.truncate("some", 4)).toBe("some");
    await lm.close();
  });

  it("generates the most likely token after each token, up to the end of the turn", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(folder, "optimum");
    const lm = await openOnnxLm(folder);
    const text = await lm.generate("Q: ", { maxTokens: 5 });
    const letters = ["abcdefghijklmnopqrstuvwxyzKQA: .?\n".split(""), "<|im_end|>", "<|im_start|>"].flat();
    let last = " ";
    let expected = "";
    while (expected.length < 5 && last !== "<|im_end|>") {
      const from = last;
      last = letters.toSorted((a, b) => tinyLogProb(from, b) - tinyLogProb(from, a))[0] ?? "";
      expected += last === "<|im_end|>" ? "" : last;
    }
    expect(text).toBe(expected.trim());
    await lm.close();
  });

  it("finds the model in onnx/ with the tokeniser above it", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(path.join(folder, "onnx"), "scorer");
    await rename(path.join(folder, "onnx", "tokenizer.json"), path.join(folder, "tokenizer.json"));
    const lm = await openOnnxLm(folder);
    expect((await lm.answerLogProbs({ prompt: "a", answer: "b" }))[0]).toBeCloseTo(tinyLogProb("a", "b"), 5);
    await expect(lm.chatPrompt([])).rejects.toThrow(/no chat template; choose --prompt plain/u);
    await lm.close();
  });

  it("has another fingerprint when the weights are others", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(path.join(folder, "a"), "scorer");
    await writeTinyLm(path.join(folder, "b"), "optimum");
    const [a, b] = [await openOnnxLm(path.join(folder, "a")), await openOnnxLm(path.join(folder, "b"))];
    expect(a.fingerprint).not.toBe(b.fingerprint);
    expect(a.fingerprint).toMatch(/^[0-9a-f]{64}$/u);
    await Promise.all([a.close(), b.close()]);
  });

  it("says what is missing", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await expect(openOnnxLm(folder)).rejects.toThrow(/no ONNX LM in .*model\.onnx/u);
    await writeFile(path.join(folder, "model.onnx"), tinyOnnxModel());
    await expect(openOnnxLm(folder)).rejects.toThrow(/an LM needs its tokenizer\.json/u);
    await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tinyLmTokenizerJson()));
    await expect(openOnnxLm(folder)).rejects.toThrow(/logits/u);
  });
});
