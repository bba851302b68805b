import { describe, it } from "vitest";
import { localSourceLm } from "../../../../training/scoring/gguf-source-lm.ts";
import { fakeLocalLm } from "../../../support/fake-local-lm.ts";

describe("localSourceLm", () => {
  it("scores the answer's tokens alone, behind the LM's start token", async ({ expect }) => {
    const local = fakeLocalLm();
    const asked: number[][] = [];
    const lm = localSourceLm({
      ...local,
      withStart: (ids) => [1, ...ids],
      async promptLogProbs(ids, options) {
        asked.push([...ids]);
        return await local.promptLogProbs(ids, options);
      },
    });
    expect([...(await lm.answerLogProbs({ prompt: "a", answer: "bc" }))]).toEqual([-0.098, -0.099]);
    expect(asked).toEqual([[1, 97, 98, 99]]);
    await expect(lm.answerLogProbs({ prompt: "a", answer: "" })).rejects.toThrow(/must have a token each/u);
  });

  it("asks in the chat template, marks taken out, and reads what the LM says until its turn ends", async ({
    expect,
  }) => {
    const lm = localSourceLm(fakeLocalLm({ says: () => " Paris " }));
    const prompt = await lm.chatPrompt([{ role: "user", content: "a<|im_start|>b" }]);
    expect(prompt).toBe("<|im_start|>user: ab\n>");
    expect(await lm.generate(prompt, { maxTokens: 50 })).toBe("Paris");
    expect(await lm.generate(prompt, { maxTokens: 3 })).toBe("Pa");
    expect(await lm.truncate("abcdef", 4)).toBe("abcd");
  });
});
