import { describe, test } from "vitest";
import { generate, textOf } from "../../support/collect-generation.ts";
import { scriptedFetch, serverSentEvents, streamReply } from "../../support/scripted-fetch.ts";
import { targetLm } from "../../support/target-lm-table.ts";

const ENTRY = { provider: "openai-compatible", model: "gpt-5", base_url: "https://lm.example/v1" };

describe("legacy completions", () => {
  const LEGACY = { ...ENTRY, api: "completions" };
  const chunk = (text: string, finishReason: string | null = null) => ({
    object: "text_completion",
    model: "base",
    choices: [{ index: 0, text, logprobs: null, finish_reason: finishReason }],
  });

  test("writes the conversation as a prompt", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(
      streamReply(serverSentEvents([chunk(" 202"), chunk(",080", "stop"), "[DONE]"])),
    );
    const events = await generate(targetLm(LEGACY, { fetch }), {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
        { role: "user", content: [{ type: "text", text: "How long?" }] },
      ],
      parameters: { max_completion_tokens: 7, logprobs: true, top_logprobs: 2, temperature: 0 },
    });
    expect(textOf(events)).toBe(" 202,080");
    expect(requests[0]?.url).toBe("https://lm.example/v1/completions");
    expect(requests[0]?.body).toEqual({
      model: "gpt-5",
      stream: true,
      prompt: "Be brief.\n\nUser: Hello\n\nAssistant: Hi\n\nUser: How long?\n\nAssistant:",
      stop: ["\nUser:"],
      max_tokens: 7,
      logprobs: 2,
      temperature: 0,
    });
  });

  test.for([true, false])("asks for stream_options with a stream only: %s", async (stream, { expect }) => {
    const { fetch, requests } = scriptedFetch(streamReply(serverSentEvents([chunk("x", "stop"), "[DONE]"])));
    await generate(targetLm(LEGACY, { fetch }), { stream, parameters: { stream_options: { include_usage: true } } });
    expect("stream_options" in (requests[0]?.body ?? {})).toBe(stream);
  });

  test.for<[param: string, request: Parameters<typeof generate>[1]]>([
    ["tools", { parameters: { tools: [{}] } }],
    ["response_format", { parameters: { response_format: { type: "json_object" } } }],
    ["messages", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }],
  ])("refuses what a prompt cannot carry: %s", async ([param, request], { expect }) => {
    await expect(generate(targetLm(LEGACY, {}), request)).rejects.toMatchObject({
      code: "invalid_request",
      details: { param },
    });
  });
});
