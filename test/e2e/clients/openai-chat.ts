import { BadRequestError } from "openai";
import { describe, it } from "vitest";
import { annotationsOf, type Chunk, type Extensions, textOf } from "../../support/chat-chunks.ts";
import { type OpenAiWorld, PROVIDER_KEY } from "../../support/openai-world.ts";
import {
  UPSTREAM_LOGPROBS,
  UPSTREAM_TEXT,
  UPSTREAM_TOOL_CALL,
  UPSTREAM_USAGE,
} from "../../support/upstream-scripts.ts";
import { messages, streamOf as streamOfWorld } from "./chat-streams.ts";

const TOOL = {
  type: "function" as const,
  function: { name: "convert", parameters: { type: "object", properties: { kilometres: { type: "number" } } } },
};

/** Chat completions by OpenAI's client against a running Worker. */
export function describeOpenAiChat(worldOf: () => OpenAiWorld): void {
  const streamOf = (model: string, more: object = {}): Promise<Chunk[]> => streamOfWorld(worldOf(), model, more);

  describe("a stream", () => {
    it("carries the passages in its first chunk, and the upstream's words in order", async ({ expect }) => {
      const chunks = await streamOf("normal");
      const [first] = chunks;
      expect(first?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
      expect(first?.retrieval?.passages[0]).toMatchObject({ number: 1, id: "canada-coast" });
      expect(first?.citations?.[0]).toBe("https://example.test/canada#coastline");
      expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
      expect(chunks.every(({ choices }) => Array.isArray(choices))).toBe(true);
    });

    it("annotates the mark [1], exactly, and leaves [9] as text", async ({ expect }) => {
      const chunks = await streamOf("normal");
      const annotations = annotationsOf(chunks);
      const spans = annotations.map(({ url_citation: { start_index, end_index } }) =>
        textOf(chunks).slice(start_index, end_index),
      );
      expect(spans).toEqual(["[1]"]);
      expect(annotations[0]).toMatchObject({
        index: 0,
        passage_id: "canada-coast",
        url_citation: { url: "https://example.test/canada#coastline" },
      });
    });

    it("is the same however the upstream's bytes are cut", async ({ expect }) => {
      const chunks = await streamOf("split-bytes");
      expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
      expect(annotationsOf(chunks)).toHaveLength(1);
    });

    it("has a usage chunk when asked for, and else none", async ({ expect }) => {
      const [asked, unasked] = [
        await streamOf("normal", { stream_options: { include_usage: true } }),
        await streamOf("normal"),
      ];
      expect(asked.at(-1)).toMatchObject({ choices: [], usage: UPSTREAM_USAGE });
      expect(unasked.some(({ usage }) => usage !== undefined && usage !== null)).toBe(false);
    });

    it("keeps the choices of n > 1 apart, each with its role, citations and end", async ({ expect }) => {
      const chunks = await streamOf("two-choices", { n: 2 });
      expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual([UPSTREAM_TEXT, UPSTREAM_TEXT]);
      expect(annotationsOf(chunks)).toHaveLength(2);
      const ends = chunks.flatMap(({ choices }) => choices).filter(({ finish_reason }) => finish_reason !== null);
      expect(ends.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
        [1, "stop"],
        [0, "length"],
      ]);
    });

    it("passes tool calls and logprobs through", async ({ expect }) => {
      const runner = worldOf().client.chat.completions.stream({ model: "tool-call", messages, tools: [TOOL] });
      const { choices } = await runner.finalChatCompletion();
      expect(choices[0]?.message.tool_calls?.[0]).toMatchObject(UPSTREAM_TOOL_CALL);
      expect(choices[0]?.finish_reason).toBe("tool_calls");
      const logprobs = (await streamOf("logprobs", { logprobs: true })).flatMap(
        ({ choices }) => choices[0]?.logprobs ?? [],
      );
      expect(logprobs[0]?.content?.[0]).toMatchObject(UPSTREAM_LOGPROBS.content[0]);
    });

    it("without retrieval has neither passages nor citations, whatever the marks", async ({ expect }) => {
      const chunks = await streamOf("normal", { retrieval: false });
      expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
      expect(annotationsOf(chunks)).toEqual([]);
      expect(chunks.some(({ retrieval, citations }) => retrieval !== undefined || citations !== undefined)).toBe(false);
    });

    it("of the extractive model answers from the right passage and cites it", async ({ expect }) => {
      const chunks = await streamOf("extractive");
      expect(textOf(chunks)).toContain("Canada has the longest coastline");
      expect(annotationsOf(chunks)[0]?.passage_id).toBe("canada-coast");
    });

    it("sends the passages before a slow target LM has said a word", async ({ expect }) => {
      const startedAt = performance.now();
      const stream = await worldOf().client.chat.completions.create({
        model: "slow-first-byte",
        messages,
        stream: true,
      });
      const arrivals: number[] = [];
      for await (const _chunk of stream) {
        arrivals.push(performance.now() - startedAt);
      }
      const [first = Number.NaN, second = Number.NaN] = arrivals;
      expect(second - first).toBeGreaterThan(150);
    });
  });

  describe("without a stream", () => {
    it("the whole answer, its citations and its usage come at once", async ({ expect }) => {
      const completion = await worldOf().client.chat.completions.create({ model: "normal", messages });
      const message = completion.choices[0]?.message;
      expect(message?.content).toBe(UPSTREAM_TEXT);
      expect(
        message?.annotations?.map(({ url_citation }) =>
          UPSTREAM_TEXT.slice(url_citation.start_index, url_citation.end_index),
        ),
      ).toEqual(["[1]"]);
      expect(completion.usage).toEqual(UPSTREAM_USAGE);
      expect((completion as Extensions).retrieval?.passages[0]?.id).toBe("canada-coast");
    });

    it("tool calls and logprobs are those of the upstream", async ({ expect }) => {
      const called = await worldOf().client.chat.completions.create({ model: "tool-call", messages, tools: [TOOL] });
      expect(called.choices[0]?.message).toMatchObject({ content: null, tool_calls: [UPSTREAM_TOOL_CALL] });
      const { choices } = await worldOf().client.chat.completions.create({
        model: "logprobs",
        messages,
        logprobs: true,
      });
      expect(choices[0]?.logprobs).toEqual(UPSTREAM_LOGPROBS);
    });
  });

  describe("a target that cannot stream", () => {
    it("refuses a stream with a 400 that says so", async ({ expect }) => {
      const failure: unknown = await streamOf("unstreamable").catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadRequestError);
      expect(failure).toMatchObject({ code: "stream_unsupported", param: "stream" });
    });

    it("answers in one piece, asked for one by the Worker too", async ({ expect }) => {
      const { choices } = await worldOf().client.chat.completions.create({ model: "unstreamable", messages });
      expect(choices[0]?.message.content).toBe(UPSTREAM_TEXT);
      expect(worldOf().upstream.requestsTo("normal").at(-1)?.body["stream"] ?? false).toBe(false);
    });
  });

  describe("what goes upstream", () => {
    it("is everything the client sent but our extensions, with the provider's key", async ({ expect }) => {
      const fileSearch = { type: "file_search", vector_store_ids: ["small"], max_num_results: 2 };
      await worldOf().client.chat.completions.create({
        model: "normal",
        messages,
        temperature: 0.3,
        seed: 7,
        tool_choice: "auto",
        // The client's types know neither `file_search` nor fields of other providers; the wire does.
        ...({ tools: [fileSearch, TOOL], min_p: 0.1 } as object),
      });
      const request = worldOf().upstream.requestsTo("normal").at(-1);
      expect(request?.body).toMatchObject({
        model: "normal",
        temperature: 0.3,
        seed: 7,
        tools: [TOOL],
        tool_choice: "auto",
        min_p: 0.1,
      });
      expect(Object.keys(request?.body ?? {})).not.toContain("retrieval");
      expect(JSON.stringify(request?.body["messages"])).toContain("202,080 km");
      expect(request?.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    });

    it("has no tools at all when file_search was the only one", async ({ expect }) => {
      const tools = [{ type: "file_search", vector_store_ids: ["small"] }];
      await worldOf().client.chat.completions.create({
        model: "normal",
        messages,
        ...({ tools, tool_choice: "required" } as object),
      });
      const body = worldOf().upstream.requestsTo("normal").at(-1)?.body ?? {};
      expect(Object.keys(body)).not.toContain("tools");
      expect(Object.keys(body)).not.toContain("tool_choice");
    });

    it("is cancelled when the client aborts", async ({ expect }) => {
      const stream = await worldOf().client.chat.completions.create({ model: "endless", messages, stream: true });
      let seen = 0;
      for await (const _chunk of stream) {
        seen += 1;
        if (seen === 5) {
          break; // which aborts the request, as leaving the loop does for every user of the client
        }
      }
      await expect(worldOf().upstream.aborted("endless")).resolves.toBeUndefined();
    });
  });
}
