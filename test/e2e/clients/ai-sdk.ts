import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, streamText, tool, type ToolSet } from "ai";
import { describe, it } from "vitest";
import { CLIENT_KEY, type OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_COLLECTION } from "../../support/small-collection.ts";
import { UPSTREAM_TEXT, UPSTREAM_USAGE } from "../../support/upstream-scripts.ts";

const prompt = "Which country has the longest coastline?";

/** Vercel's AI SDK, with its provider for OpenAI-compatible servers, against a running Worker. */
export function describeAiSdk(worldOf: () => OpenAiWorld): void {
  const provider = (apiKey = CLIENT_KEY) =>
    createOpenAICompatible({ name: "aar", baseURL: `${worldOf().worker.url}/v1`, apiKey, includeUsage: true });

  describe("the AI SDK", () => {
    it("generates a text with its usage; what was found is in the response's body", async ({ expect }) => {
      const { text, usage, response, finishReason } = await generateText({
        model: provider()("normal"),
        prompt,
        include: { responseBody: true },
      });
      expect(text).toBe(UPSTREAM_TEXT);
      expect(finishReason).toBe("stop");
      expect(usage).toMatchObject({
        inputTokens: UPSTREAM_USAGE.prompt_tokens,
        outputTokens: UPSTREAM_USAGE.completion_tokens,
      });
      expect(response.body).toMatchObject({
        retrieval: { passages: [{ id: "canada-coast" }, {}, {}] },
        choices: [{ message: { annotations: [{ passage_id: "canada-coast" }] } }],
      });
    });

    it("streams a text; what was found is in the raw chunks", async ({ expect }) => {
      const result = streamText({ model: provider()("split-bytes"), prompt, include: { rawChunks: true } });
      const raw: unknown[] = [];
      let text = "";
      for await (const part of result.fullStream) {
        text += part.type === "text-delta" ? part.text : "";
        raw.push(...(part.type === "raw" ? [part.rawValue] : []));
      }
      expect(text).toBe(UPSTREAM_TEXT);
      expect(raw[0]).toMatchObject({ retrieval: { passages: [{ id: "canada-coast" }, {}, {}] } });
      expect((await result.usage).outputTokens).toBe(UPSTREAM_USAGE.completion_tokens);
    });

    it("steers retrieval by the provider's options", async ({ expect }) => {
      const providerOptions = { aar: { retrieval: { collection: SMALL_COLLECTION, top_k: 1 } } };
      const { response } = await generateText({
        model: provider()("normal"),
        prompt,
        providerOptions,
        include: { responseBody: true },
      });
      expect(response.body).toMatchObject({ retrieval: { passages: [{ id: "canada-coast" }] } });
      const body = worldOf().upstream.requestsTo("normal").at(-1)?.body ?? {};
      expect(Object.keys(body)).not.toContain("retrieval");
    });

    it("calls tools", async ({ expect }) => {
      const convert = tool({ inputSchema: jsonSchema<{ kilometres: number }>({ type: "object" }) });
      // Their types are not made for `exactOptionalPropertyTypes`.
      const tools = { convert } as unknown as ToolSet;
      const { toolCalls } = await generateText({ model: provider()("tool-call"), prompt, tools });
      expect(toolCalls).toMatchObject([{ toolName: "convert", input: { kilometres: 202_080 } }]);
    });

    it("fails when the upstream is cut, and when the key is wrong", async ({ expect }) => {
      const errors: unknown[] = [];
      const result = streamText({ model: provider()("cut"), prompt, onError: ({ error }) => void errors.push(error) });
      await Array.fromAsync(result.textStream).catch(() => undefined);
      expect(JSON.stringify(errors)).toContain("upstream_cut");
      const refused: unknown = await generateText({ model: provider("guess")("normal"), prompt, maxRetries: 0 }).catch(
        (error: unknown) => error,
      );
      expect(APICallError.isInstance(refused) && refused.statusCode).toBe(401);
    });
  });
}
