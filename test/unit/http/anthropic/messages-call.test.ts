import { BadRequestError } from "@anthropic-ai/sdk";
import { describe, it } from "vitest";
import { anthropicOverApp } from "../../../support/anthropic-over-app.ts";
import { ASK, CANADA, location, messagesWorld as world, SAID } from "../../../support/messages-world.ts";

describe("a request", () => {
  it("reaches other providers in OpenAI's form", async ({ expect }) => {
    const { target, ...app } = world();
    await anthropicOverApp(app).messages.create({
      ...ASK,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Convert." },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "s" },
            { type: "tool_use", id: "t1", name: "convert", input: { km: 1 } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", content: "0.62 miles" },
            { type: "text", text: "And how long is the coast of Canada?" },
          ],
        },
      ],
      tools: [{ name: "convert", description: "To miles.", input_schema: { type: "object" } }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      metadata: { user_id: "u1" },
      thinking: { type: "enabled", budget_tokens: 1_024 },
      // Ours, and of other providers.
      ...({ retrieval: { top_k: 1 }, seed: 7, temperature: 0.5 } as object),
    });
    const [request] = target.requests;
    expect(request?.parameters).toEqual({
      max_completion_tokens: 100,
      stop: ["END"],
      user: "u1",
      temperature: 0.5,
      seed: 7,
      tools: [
        { type: "function", function: { name: "convert", description: "To miles.", parameters: { type: "object" } } },
      ],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    expect(request?.messages).toMatchObject([
      { role: "system", content: expect.stringMatching(/^Be brief\.\n\nAnswer the user's last question/) },
      {
        role: "user",
        content: [
          { type: "text", text: "Convert." },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "t1", type: "function", function: { name: "convert", arguments: '{"km":1}' } }],
      },
      { role: "tool", tool_call_id: "t1", content: "0.62 miles" },
      { role: "user", content: "And how long is the coast of Canada?" },
    ]);
    expect(request?.passages).toHaveLength(1);
  });

  it("reaches Anthropic's models as it came", async ({ expect }) => {
    const { target, ...app } = world(SAID, { provider: "anthropic" });
    const thinking = { type: "thinking" as const, thinking: "Hm.", signature: "s" };
    const cached = { type: "text" as const, text: "Long.", cache_control: { type: "ephemeral" as const } };
    await anthropicOverApp(app).messages.create({
      ...ASK,
      messages: [
        { role: "user", content: [cached] },
        { role: "assistant", content: [thinking, { type: "tool_use", id: "t1", name: "f", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "no", is_error: true }] },
      ],
      tools: [{ name: "f", input_schema: { type: "object" }, cache_control: { type: "ephemeral" } }],
      tool_choice: { type: "auto" },
      thinking: { type: "adaptive" },
    });
    const [request] = target.requests;
    expect(request?.parameters).toEqual({
      max_completion_tokens: 100,
      tools: [{ name: "f", input_schema: { type: "object" }, cache_control: { type: "ephemeral" } }],
      tool_choice: { type: "auto" },
      thinking: { type: "adaptive" },
    });
    expect(request?.messages.slice(1)).toMatchObject([
      { role: "user", content: [cached] },
      { role: "assistant", content: [thinking] },
      { role: "tool", is_error: true },
    ]);
  });

  it("may bring search results of its own, cited by their places in it", async ({ expect }) => {
    const app = world(["Peru's [2] is shorter than Canada's [3]."]);
    const message = await anthropicOverApp(app).messages.create({
      ...ASK,
      messages: [
        {
          role: "user",
          content: [
            {
              type: "search_result",
              source: "https://example.test/peru",
              title: "Peru",
              content: [
                { type: "text", text: "Lima." },
                { type: "text", text: "2,414 km." },
              ],
              citations: { enabled: true },
            },
            { type: "text", text: "Which coast is the longest?" },
          ],
        },
      ],
    });
    expect(message.content).toEqual([
      {
        type: "text",
        text: "Peru's",
        citations: [
          {
            ...location(0, "2,414 km.", "Peru", "https://example.test/peru"),
            start_block_index: 1,
            end_block_index: 2,
          },
        ],
      },
      { type: "text", text: " is shorter than Canada's", citations: [{ ...CANADA, search_result_index: 1 }] },
      { type: "text", text: ".", citations: null },
    ]);
  });

  it.for<[string, object, string]>([
    [
      "a block that only Anthropic's models know",
      { messages: [{ role: "user", content: [{ type: "container_upload", file_id: "f" }] }] },
      "messages.0.content.0",
    ],
    [
      "a search result without blocks",
      { messages: [{ role: "user", content: [{ type: "search_result", source: "s", title: "t", content: [] }] }] },
      "messages.0.content.0.content",
    ],
    ["a tool of Anthropic's", { tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools.0"],
    [
      "a PDF",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA==" } }],
          },
        ],
      },
      "messages.0.content.0.source.type",
    ],
    ["an unknown role", { messages: [{ role: "wizard", content: "x" }] }, "messages.0.role"],
    ["a misspelt field of retrieval", { retrieval: { topk: 3 } }, "retrieval.topk"],
  ])("is refused for %s, with its place", async ([, more, param], { expect }) => {
    const failure: unknown = await anthropicOverApp(world())
      .messages.create({ ...ASK, ...more })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(failure).toMatchObject({ type: "invalid_request_error", errorCode: "invalid_request", details: { param } });
  });
});
