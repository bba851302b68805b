import { APIError, BadRequestError, NotFoundError } from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, it } from "vitest";
import type { AppDependencies } from "../../../../src/http/app-dependencies.ts";
import { answerQuery } from "../../../../src/rag/answer-query.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { fakeRetriever } from "../../../support/fake-retriever.ts";
import { type FakeScript, type FakeTargetLm, fakeTargetLm } from "../../../support/fake-target-lm.ts";
import { openAiOverApp } from "../../../support/openai-over-app.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";
import { createTestApp, type TestApp } from "../../../support/test-app.ts";

const PASSAGES = retrievedPassages([
  { title: "Canada > Coast", text: "Canada's coast is 202,080 km long." },
  { title: "Norway", text: "Norway's coast is 25,148 km long." },
]);
const FILE_SEARCH = { type: "file_search" as const, vector_store_ids: ["animals"] };
const ASK = { model: "extractive", input: "Which coast is the longest?", tools: [FILE_SEARCH] };
const SAID: FakeScript = [
  "Canada's is",
  " the longest [1",
  "]. Norway follows [",
  "2], they say [9].",
  { type: "usage", usage: { prompt_tokens: 40, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 30 } } },
];
const TEXT = "Canada's is the longest. Norway follows, they say [9].";
const CITED = [
  { type: "file_citation", index: "Canada's is the longest".length, filename: "canada.md", passage_id: "p1" },
  {
    type: "file_citation",
    index: "Canada's is the longest. Norway follows".length,
    filename: "Norway",
    passage_id: "p2",
  },
];

/** Of the two documents only one has a title of its own. */
const catalog = {
  get: (_collection: string, ids: readonly string[]) =>
    Promise.resolve(ids.slice(0, 1).map((id) => ({ id, latest: { title: "canada.md" } }))),
};

interface World extends TestApp {
  readonly target: FakeTargetLm;
}

function world(script: FakeScript = SAID): World {
  const target = fakeTargetLm({ name: "extractive", script });
  const passages = PASSAGES.map((found, index) => ({
    ...found,
    passage: { ...found.passage, documentId: `d${index}` },
  }));
  const dependencies = {
    targetLms: () => [target] as const,
    retriever: fakeRetriever(passages),
    // All of it that an answer needs.
    documents: { catalog } as unknown as AppDependencies["documents"],
  };
  return { ...createTestApp({ answer: answerQuery, dependencies }), target };
}

async function eventsOf(app: TestApp, more: object = {}): Promise<ResponseStreamEvent[]> {
  return await Array.fromAsync(await openAiOverApp(app).responses.create({ ...ASK, ...more, stream: true }));
}

describe("a response", () => {
  it("has the search, and a text without marks whose annotations say where they stood", async ({ expect }) => {
    const response = await openAiOverApp(world()).responses.create({ ...ASK, include: ["file_search_call.results"] });
    expect(response.output_text).toBe(TEXT);
    expect(response).toMatchObject({
      object: "response",
      status: "completed",
      model: "extractive",
      store: false,
      previous_response_id: null,
      tools: [FILE_SEARCH],
      usage: { input_tokens: 40, input_tokens_details: { cached_tokens: 30 }, output_tokens: 9, total_tokens: 49 },
      retrieval: { collection: "animals", passages: [{ number: 1 }, { number: 2 }] },
      output: [
        {
          type: "file_search_call",
          status: "completed",
          queries: ["Which coast is the longest?"],
          results: [
            { file_id: "d0", filename: "canada.md", text: "Canada's coast is 202,080 km long.", score: 1 },
            { file_id: "d1", filename: "Norway" },
          ],
        },
        { type: "message", role: "assistant", status: "completed", content: [{ annotations: CITED }] },
      ],
    });
  });

  it("shows what was found only when asked to", async ({ expect }) => {
    const { output } = await openAiOverApp(world()).responses.create(ASK);
    expect(output[0]).toMatchObject({ type: "file_search_call", results: null });
  });

  it("is what the client makes of the stream", async ({ expect }) => {
    const whole = await openAiOverApp(world()).responses.create(ASK);
    const folded = await openAiOverApp(world()).responses.stream(ASK).finalResponse();
    expect(folded.output_text).toBe(whole.output_text);
    expect(folded.output).toMatchObject([
      { type: "file_search_call" },
      { content: [{ text: TEXT, annotations: CITED }] },
    ]);
    expect(folded.usage).toEqual(whole.usage);
  });

  it("searches only when asked to", async ({ expect }) => {
    const { target, ...app } = world();
    const response = await openAiOverApp(app).responses.create({ model: "extractive", input: "Hello" });
    expect(response.output).toMatchObject([{ type: "message" }]);
    expect(response).not.toHaveProperty("retrieval");
    expect(target.requests[0]).toMatchObject({ passages: [], messages: [{ role: "user", content: "Hello" }] });
    const asked = await openAiOverApp(app).responses.create({
      model: "extractive",
      input: "Hello",
      ...({ retrieval: true } as object),
    });
    expect(asked.output).toMatchObject([{ type: "file_search_call" }, { type: "message" }]);
  });

  it("that was cut short says so", async ({ expect }) => {
    const script: FakeScript = ["Canada", { type: "choice-end", choice: 0, finishReason: "length" }];
    const expected = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    expect(await openAiOverApp(world(script)).responses.create(ASK)).toMatchObject(expected);
    expect((await eventsOf(world(script))).at(-1)).toMatchObject({ type: "response.incomplete", response: expected });
  });
});

describe("a stream", () => {
  it("is OpenAI's events in OpenAI's order, numbered", async ({ expect }) => {
    const events = await eventsOf(world());
    const item = (...within: string[]) => ["response.output_item.added", ...within, "response.output_item.done"];
    const [delta, cited] = ["response.output_text.delta", "response.output_text.annotation.added"];
    const stages = ["in_progress", "searching", "completed"].map((stage) => `response.file_search_call.${stage}`);
    const text = [delta, delta, cited, delta, cited, delta, "response.output_text.done"];
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      ...item(...stages),
      ...item("response.content_part.added", ...text, "response.content_part.done"),
      "response.completed",
    ]);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    const response = await world().fetch("/v1/responses", {
      method: "POST",
      body: JSON.stringify({ ...ASK, stream: true }),
    });
    expect(await response.text()).toMatch(/^event: response\.created\ndata: \{"type":"response\.created",/);
  });

  it("calls functions, after the text before them", async ({ expect }) => {
    const call = (delta: object) => ({ type: "extra-delta", choice: 0, delta: { tool_calls: [delta] } }) as never;
    const app = world([
      "Canada [1]",
      call({ index: 0, id: "a", function: { name: "convert", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"km":' } }),
      call({ index: 0, function: { arguments: "1}" } }),
      call({ index: 1, id: "b", function: { name: "now", arguments: "{}" } }),
      { type: "choice-end", choice: 0, finishReason: "tool_calls" },
    ]);
    const expected = [
      { type: "file_search_call" },
      { type: "message", content: [{ text: "Canada", annotations: [{ index: 6 }] }] },
      { type: "function_call", call_id: "a", name: "convert", arguments: '{"km":1}', status: "completed" },
      { type: "function_call", call_id: "b", name: "now", arguments: "{}" },
    ];
    expect((await openAiOverApp(app).responses.create(ASK)).output).toMatchObject(expected);
    expect((await openAiOverApp(app).responses.stream(ASK).finalResponse()).output).toMatchObject(expected);
  });

  it("that is cut fails, and never completes", async ({ expect }) => {
    const app = world(["Canada", new AppError("upstream_cut", "the target LM stopped", { isRetryable: true })]);
    const seen: string[] = [];
    const failure: unknown = await (async () => {
      for await (const { type } of await openAiOverApp(app).responses.create({ ...ASK, stream: true })) {
        seen.push(type);
      }
    })().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ code: "upstream_cut" });
    expect(seen.at(-1)).toBe("response.failed");
    expect(seen).not.toContain("response.completed");
  });
});

describe("a request", () => {
  it("reaches the target LM as a chat", async ({ expect }) => {
    const { target, ...app } = world();
    await openAiOverApp(app).responses.create({
      ...ASK,
      instructions: "Be brief.",
      input: [
        { role: "developer", content: "Be kind." },
        {
          role: "user",
          content: [
            { type: "input_text", text: "What is it?" },
            { type: "input_image", image_url: "data:,", detail: "low" },
          ],
        },
        { type: "reasoning", id: "rs_1", summary: [] },
        {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Let me see.", annotations: [] }],
        },
        { type: "function_call", call_id: "a", name: "convert", arguments: '{"km":1}' },
        { type: "function_call", call_id: "b", name: "now", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "0.62 miles" },
        { role: "user", content: "And how long is the coast of Canada?" },
      ],
      tools: [
        FILE_SEARCH,
        { type: "function", name: "convert", description: "To miles.", parameters: { type: "object" }, strict: true },
      ],
      tool_choice: { type: "function", name: "convert" },
      max_output_tokens: 100,
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "answer", schema: { type: "object" } } },
      temperature: 0.5,
      store: true,
      metadata: { team: "ops" },
    });
    const [request] = target.requests;
    expect(request?.parameters).toEqual({
      temperature: 0.5,
      max_completion_tokens: 100,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
      tools: [
        {
          type: "function",
          function: { name: "convert", description: "To miles.", parameters: { type: "object" }, strict: true },
        },
      ],
      tool_choice: { type: "function", function: { name: "convert" } },
    });
    const call = (id: string, name: string, input: string) => ({
      id,
      type: "function",
      function: { name, arguments: input },
    });
    expect(request?.messages).toMatchObject([
      { role: "system", content: expect.stringMatching(/^Be brief\.\n\nAnswer the user's last question/) },
      { role: "developer", content: "Be kind." },
      { role: "user", content: [{ type: "text" }, { type: "image_url", image_url: { url: "data:,", detail: "low" } }] },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [call("a", "convert", '{"km":1}'), call("b", "now", "{}")],
      },
      { role: "tool", tool_call_id: "a", content: "0.62 miles" },
      { role: "user", content: "And how long is the coast of Canada?" },
    ]);
  });

  it.for<[string, object, string]>([
    ["an earlier response", { previous_response_id: "resp_1" }, "previous_response_id"],
    ["a conversation", { conversation: "conv_1" }, "conversation"],
    ["an answer in the background", { background: true }, "background"],
    ["a stored item", { input: [{ type: "item_reference", id: "msg_1" }] }, "input.0"],
    ["a tool that is not here", { tools: [{ type: "web_search" }] }, "tools.0"],
    ["two vector stores", { tools: [{ ...FILE_SEARCH, vector_store_ids: ["a", "b"] }] }, "tools.0.vector_store_ids"],
    [
      "a part that is not known",
      { input: [{ role: "user", content: [{ type: "input_audio" }] }] },
      "input.0.content.0.type",
    ],
    ["no input", { input: "" }, "input"],
    ["retrieval and file_search at once", { retrieval: {} }, "retrieval"],
    [
      "a filter beyond Vectorize",
      { tools: [{ ...FILE_SEARCH, filters: { type: "or", filters: [{ type: "gt", key: "a", value: 1 }] } }] },
      "tools",
    ],
  ])("is refused for %s, with its place", async ([, more, param], { expect }) => {
    const failure: unknown = await openAiOverApp(world())
      .responses.create({ ...ASK, ...more })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(failure).toMatchObject({ param });
  });

  it("for an unknown vector store is not found", async ({ expect }) => {
    const tools = [{ ...FILE_SEARCH, vector_store_ids: ["plants"] }];
    await expect(openAiOverApp(world()).responses.create({ ...ASK, tools })).rejects.toBeInstanceOf(NotFoundError);
  });
});
