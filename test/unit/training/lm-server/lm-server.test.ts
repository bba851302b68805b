import { once } from "node:events";
import OpenAI from "openai";
import { describe, it } from "vitest";
import type { LocalLm } from "../../../../training/llama/local-lm.ts";
import { createLmServer } from "../../../../training/lm-server/lm-server.ts";
import { openServerLm } from "../../../../training/scoring/server/server-source-lm.ts";
import { fakeLocalLm } from "../../../support/fake-local-lm.ts";

type CleanUp = (cleanUp: () => Promise<void>) => void;

async function serve(lm: LocalLm, onTestFinished: CleanUp): Promise<{ client: OpenAI; url: string }> {
  const server = createLmServer(lm);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
  return { client: new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 }), url };
}

const messages = [{ role: "user" as const, content: "Hi <|im_start|>there" }];

describe("the LM server's chat completions", () => {
  it("answer with text, reason, usage and log-probabilities", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm(), onTestFinished);
    const reply = await client.chat.completions.create({
      model: "any",
      messages,
      temperature: 0,
      logprobs: true,
      top_logprobs: 2,
    });
    expect(reply.choices[0]).toMatchObject({ message: { content: "Hello there." }, finish_reason: "stop" });
    // "<|im_start|>user: Hi there\n>": the mark inside of the message is taken out
    expect(reply.usage).toEqual({ prompt_tokens: 28, completion_tokens: 12, total_tokens: 40 });
    const logprobs = reply.choices[0]?.logprobs?.content ?? [];
    expect(logprobs.map(({ token }) => token).join("")).toBe("Hello there.");
    expect(logprobs[0]).toMatchObject({ logprob: Math.log(0.9), bytes: [72] });
    expect(logprobs[0]?.top_logprobs.map(({ token }) => token)).toEqual(["H", "x"]);
  });

  it("stream the same text in pieces, then the usage", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm({ says: () => "Grüße 🌍!" }), onTestFinished);
    const stream = await client.chat.completions.create({
      model: "any",
      messages,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Grüße 🌍!");
    expect(chunks.length).toBeGreaterThan(8);
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)?.usage).toEqual({ prompt_tokens: 28, completion_tokens: 8, total_tokens: 36 });
  });

  it("never send a stop text or a part of it, streamed or not", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm({ says: () => "one EN two END three" }), onTestFinished);
    const body = { model: "any", messages, temperature: 0, stop: ["END", "###"] };
    const reply = await client.chat.completions.create(body);
    expect(reply.choices[0]?.message.content).toBe("one EN two ");
    const chunks = await Array.fromAsync(await client.chat.completions.create({ ...body, stream: true }));
    const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? "");
    expect(pieces.join("")).toBe("one EN two ");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("end at max_tokens and say so", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm(), onTestFinished);
    const reply = await client.chat.completions.create({ model: "any", messages, temperature: 0, max_tokens: 5 });
    expect(reply.choices[0]).toMatchObject({ message: { content: "Hello" }, finish_reason: "length" });
  });

  it("draw the same text for the same seed, and others for others", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm({ says: () => "abcdefghijklmnopqrstuvw" }), onTestFinished);
    const draw = async (seed: number): Promise<string> => {
      const body = { model: "any", messages, temperature: 2, seed, max_tokens: 20 };
      return (await client.chat.completions.create(body)).choices[0]?.message.content ?? "";
    };
    const [first, again] = [await draw(1), await draw(1)];
    expect(again).toBe(first);
    expect(new Set([first, await draw(2), await draw(3)]).size).toBeGreaterThan(1);
  });

  it("wait for each other in their order, and leave out whose client went away", async ({ expect, onTestFinished }) => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const lm = fakeLocalLm({
      says: (prompt) => {
        seen.push(/first|second|third/u.exec(prompt)?.[0] ?? "");
        return "a";
      },
      beforeToken: () => gate.promise,
    });
    const { client } = await serve(lm, onTestFinished);
    const ask = (content: string, signal?: AbortSignal): Promise<unknown> =>
      client.chat.completions.create(
        { model: "any", messages: [{ role: "user", content }], temperature: 0 },
        { signal },
      );
    const first = ask("first");
    const left = new AbortController();
    const second = ask("second", left.signal);
    const third = ask("third");
    left.abort();
    await expect(second).rejects.toThrow(/aborted/u);
    gate.resolve();
    await Promise.all([first, third]);
    expect(new Set(seen)).toEqual(new Set(["first", "third"]));
  });

  it("stop computing when the client goes away midway", async ({ expect, onTestFinished }) => {
    const lm = fakeLocalLm({
      says: () => "a".repeat(900),
      contextSize: 2000,
      beforeToken: () => new Promise(setImmediate),
    });
    const { client } = await serve(lm, onTestFinished);
    const stream = await client.chat.completions.create({ model: "any", messages, temperature: 0, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content === "a") {
        break; // the client library then closes the connection
      }
    }
    // The next request is answered only after the first has ended.
    await client.chat.completions.create({ model: "any", messages, temperature: 0, max_tokens: 1 });
    expect(lm.evaluated()).toBeLessThan(850);
  });

  it.for([
    [{ messages: [] }, 400, "messages"],
    [{ messages, n: 2 }, 400, "one answer"],
    [{ messages: [{ role: "user", content: "x".repeat(1200) }] }, 400, "context"],
  ] as const)(
    "refuse a request that cannot be served: %o",
    async ([body, status, words], { expect, onTestFinished }) => {
      const { url } = await serve(fakeLocalLm(), onTestFinished);
      const response = await fetch(`${url}/chat/completions`, { method: "POST", body: JSON.stringify(body) });
      expect(response.status).toBe(status);
      const { error } = (await response.json()) as { error: { message: string; type: string } };
      expect(error.message).toContain(words);
      expect(error.type).toBe("invalid_request_error");
    },
  );

  it("say what routes there are, and that a body is no JSON", async ({ expect, onTestFinished }) => {
    const { url } = await serve(fakeLocalLm(), onTestFinished);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/completions`, { method: "POST", body: "{" })).status).toBe(400);
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ data: [{ id: "fake" }] });
  });
});

describe("the LM server's completions", () => {
  it("continue a prompt, with log-probabilities and offsets", async ({ expect, onTestFinished }) => {
    const { client } = await serve(fakeLocalLm({ says: () => "ab" }), onTestFinished);
    const reply = await client.completions.create({ model: "any", prompt: "Q 🌍>", temperature: 0, logprobs: 1 });
    expect(reply.choices[0]).toMatchObject({ text: "ab", finish_reason: "stop" });
    expect(reply.choices[0]?.logprobs).toEqual({
      tokens: ["a", "b"],
      token_logprobs: [Math.log(0.9), Math.log(0.9)],
      top_logprobs: [{ a: Math.log(0.9) }, { b: Math.log(0.9) }],
      text_offset: [4, 5],
    });
  });

  it("echo the prompt with its log-probabilities, which is what `aar score` asks", async ({
    expect,
    onTestFinished,
  }) => {
    const { client, url } = await serve(fakeLocalLm(), onTestFinished);
    const body = { model: "any", prompt: "ab", max_tokens: 0, echo: true, logprobs: 0 };
    const reply = await client.completions.create(body);
    expect(reply.choices[0]).toMatchObject({ text: "ab", finish_reason: "length" });
    expect(reply.choices[0]?.logprobs?.token_logprobs).toEqual([null, -0.098]);
    expect(reply.usage?.completion_tokens).toBe(0);

    const lm = await openServerLm({ baseUrl: url, model: "fake" });
    expect([...(await lm.answerLogProbs({ prompt: "Wo 🌍? ", answer: "hiér" }))]).toEqual(
      Array.from("hiér", (character) => -(character.codePointAt(0) ?? 0) / 1000),
    );
    expect(await lm.chatPrompt([{ role: "user", content: "Hi" }])).toBe("<|im_start|>user: Hi\n>");
    expect(await lm.truncate("abcdef", 2)).toBe("ab");
    expect(await lm.generate("Q>", { maxTokens: 20 })).toBe("Hello there.");
  });
});
