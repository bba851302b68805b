import { describe, it } from "vitest";
import { createOpenAiAnswerLm } from "../../../../training/answering/openai-answer-lm.ts";
import type { OpenAiAnswerLmOptions } from "../../../../training/answering/openai-answer-lm.ts";
import { jsonReply, scriptedFetch } from "../../../support/scripted-fetch.ts";

const REQUEST = {
  messages: [{ role: "user", content: "Q: 1? A:" }],
  maxTokens: 5,
  stop: ["\n"],
  letters: ["A", "B"],
};
const { signal } = new AbortController();

function lmOver(fetch: OpenAiAnswerLmOptions["dependencies"]["fetch"], given: Partial<OpenAiAnswerLmOptions> = {}) {
  return createOpenAiAnswerLm({
    baseUrl: "http://localhost:8080/v1",
    model: "local",
    api: "chat",
    parameters: {},
    timeoutMs: 1000,
    dependencies: { fetch, readSecret: (name) => (name === "KEY" ? "sk-1" : undefined) },
    ...given,
  });
}

describe("createOpenAiAnswerLm", () => {
  it("asks a chat endpoint greedily and reads text, first token and usage", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(
      jsonReply({
        choices: [
          {
            message: { content: "B" },
            logprobs: {
              content: [
                {
                  token: "B",
                  top_logprobs: [
                    { token: "B", logprob: -0.1 },
                    { token: "A", logprob: -3 },
                  ],
                },
              ],
            },
          },
        ],
        usage: { prompt_tokens: 7, completion_tokens: 1 },
      }),
    );
    const reply = await lmOver(fetch, { secret: "KEY", parameters: { retrieval: false } }).answer(REQUEST, signal);
    expect(reply).toEqual({
      text: "B",
      firstToken: new Map([
        ["B", -0.1],
        ["A", -3],
      ]),
      promptTokens: 7,
      completionTokens: 1,
    });
    expect(requests[0]).toMatchObject({
      url: "http://localhost:8080/v1/chat/completions",
      headers: { authorization: "Bearer sk-1" },
      body: {
        model: "local",
        stream: false,
        temperature: 0,
        max_tokens: 5,
        stop: ["\n"],
        logprobs: true,
        top_logprobs: 20,
        retrieval: false,
        messages: REQUEST.messages,
      },
    });
  });

  it("asks a completions endpoint with the raw prompt", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(
      jsonReply({ choices: [{ text: " B", logprobs: { top_logprobs: [{ " B": -0.2, " A": -2 }] } }] }),
    );
    const reply = await lmOver(fetch, { api: "completions" }).answer(REQUEST, signal);
    expect(reply).toMatchObject({
      text: " B",
      firstToken: new Map([
        [" B", -0.2],
        [" A", -2],
      ]),
      promptTokens: 0,
    });
    expect(requests[0]).toMatchObject({
      url: "http://localhost:8080/v1/completions",
      body: { prompt: "Q: 1? A:", logprobs: 20 },
    });
  });

  it("does without log-probabilities when the server gives none or has a form of its own", async ({ expect }) => {
    for (const logprobs of [null, undefined, { content: [{ top_logprobs: "?" }] }, { content: [] }]) {
      const { fetch } = scriptedFetch(jsonReply({ choices: [{ message: { content: "A" }, logprobs }] }));
      const reply = await lmOver(fetch).answer(REQUEST, signal);
      expect([reply.text, reply.firstToken]).toEqual(["A", undefined]);
    }
  });

  it("refuses what is no completion, a prompt of several messages for completions, and a URL with a password", async ({
    expect,
  }) => {
    const { fetch } = scriptedFetch(jsonReply({ choices: [] }));
    await expect(lmOver(fetch).answer(REQUEST, signal)).rejects.toThrow(/not a completion \(choices/u);
    const messages = [{ role: "system", content: "s" }, ...REQUEST.messages];
    const several = lmOver(fetch, { api: "completions" }).answer({ ...REQUEST, messages }, signal);
    await expect(several).rejects.toThrow(/needs a chat endpoint/u);
    expect(() => lmOver(fetch, { baseUrl: "http://u:p@localhost/v1" })).toThrow(/credentials in a URL/u);
  });
});
