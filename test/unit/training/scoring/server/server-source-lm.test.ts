import { describe, it } from "vitest";
import { openServerLm } from "../../../../../training/scoring/server/server-source-lm.ts";
import { characterLogProb, lmLogProbServer } from "../../../../support/lm-log-prob-server.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { writeTinyLm } from "../../../../support/tiny-lm.ts";

describe("openServerLm", () => {
  it.for(["echo", "vllm", "llama.cpp"] as const)(
    "reads the log-probabilities of the answer's tokens alone: %s",
    async (form, { expect, onTestFinished }) => {
      const server = await lmLogProbServer(form, onTestFinished);
      const lm = await openServerLm({ baseUrl: server.url, model: "m", key: "secret" });
      const logProbs = await lm.answerLogProbs({ prompt: "Wo? 🌍", answer: " hiér" });
      expect([...logProbs]).toEqual(Array.from(" hiér", characterLogProb));
      expect(server.headers.every(({ authorization }) => authorization === "Bearer secret")).toBe(true);
    },
  );

  it("asks the server for its chat template and for truncation", async ({ expect, onTestFinished }) => {
    const server = await lmLogProbServer("llama.cpp", onTestFinished);
    const lm = await openServerLm({ baseUrl: server.url, model: "m" });
    expect(await lm.chatPrompt([{ role: "user", content: "hi" }])).toBe('<[{"role":"user","content":"hi"}]>');
    expect(await lm.truncate("abcdef", 3)).toBe("abc");
    expect(await lm.truncate("abc", 3)).toBe("abc");
  });

  it("takes template and tokeniser from a folder when one is named", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyLm(folder, "scorer");
    const server = await lmLogProbServer("echo", onTestFinished);
    const lm = await openServerLm({ baseUrl: server.url, model: "m", tokenizer: folder });
    expect(await lm.chatPrompt([{ role: "user", content: "a" }])).toBe("<|im_start|>a<|im_end|>A:");
    expect(await lm.truncate("abcdef", 3)).toBe("abc");
    expect(new Set(server.paths)).toEqual(new Set(["/v1/completions"]));
  });

  it("says how servers tell log-probabilities when this one does not", async ({ expect, onTestFinished }) => {
    const server = await lmLogProbServer("none", onTestFinished);
    await expect(openServerLm({ baseUrl: server.url, model: "m" })).rejects.toThrow(
      /tells no log-probabilities of a prompt \(echo: not in the reply; prompt_logprobs: not in the reply; llama\.cpp: .*404/u,
    );
  });

  it("says that the same command goes on when the server dies", async ({ expect, onTestFinished }) => {
    const server = await lmLogProbServer("echo", onTestFinished);
    const lm = await openServerLm({ baseUrl: server.url, model: "m" });
    server.die();
    await expect(lm.answerLogProbs({ prompt: "a", answer: "b" })).rejects.toThrow(
      /could not be reached .*what is scored is kept, the same command goes on/u,
    );
  });

  it("takes what the server writes as the LM's answer", async ({ expect, onTestFinished }) => {
    const server = await lmLogProbServer("llama.cpp", onTestFinished);
    const lm = await openServerLm({ baseUrl: server.url, model: "m" });
    expect(await lm.generate("Q:", { maxTokens: 5 })).toBe("written");
  });
});
