import Anthropic, { APIError, AuthenticationError, BadRequestError, RateLimitError } from "@anthropic-ai/sdk";
import type { Message, SearchResultBlockParam } from "@anthropic-ai/sdk/resources";
import { describe, it } from "vitest";
import { NATIVE_TEXTS } from "../../support/anthropic-scripts.ts";
import { CLIENT_KEY, type OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_PASSAGES } from "../../support/small-collection.ts";
import { UPSTREAM_TEXT, UPSTREAM_USAGE } from "../../support/upstream-scripts.ts";

const ASK = {
  max_tokens: 200,
  messages: [{ role: "user" as const, content: "Which country has the longest coastline?" }],
};
const CANADA = {
  type: "search_result_location",
  cited_text: SMALL_PASSAGES[0].text,
  source: SMALL_PASSAGES[0].url,
  title: SMALL_PASSAGES[0].title,
  search_result_index: 0,
};

const textOf = ({ content }: Message): string =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");
const citationsOf = ({ content }: Message): readonly object[] =>
  content.flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []));

/** Anthropic's client against a running Worker. */
export function describeAnthropicClient(worldOf: () => OpenAiWorld): void {
  const client = (apiKey = CLIENT_KEY): Anthropic =>
    new Anthropic({ apiKey, baseURL: worldOf().worker.url, maxRetries: 0 });

  describe("the anthropic client", () => {
    it.for(["create", "stream"] as const)(
      "%s: any model's marks are citations, its text has none",
      async (how, { expect }) => {
        const params = { ...ASK, model: "normal" };
        const message =
          how === "create"
            ? await client().messages.create(params)
            : await client().messages.stream(params).finalMessage();
        expect(textOf(message)).toBe(UPSTREAM_TEXT.replace(" [1]", ""));
        expect(message.content[0]).toMatchObject({ text: "Canada has the longest coastline", citations: [CANADA] });
        expect(citationsOf(message)).toHaveLength(1);
        expect(message).toMatchObject({
          stop_reason: "end_turn",
          usage: { input_tokens: UPSTREAM_USAGE.prompt_tokens, output_tokens: UPSTREAM_USAGE.completion_tokens },
        });
      },
    );

    it.for(["create", "stream"] as const)(
      "%s: Anthropic's models get passages as search results and cite them",
      async (how, { expect }) => {
        const own: SearchResultBlockParam = {
          type: "search_result",
          source: "https://example.test/own",
          title: "Own",
          content: [{ type: "text", text: "A coast is long." }],
          citations: { enabled: true },
        };
        const params = {
          model: "anthropic-native",
          max_tokens: 200,
          messages: [
            { role: "user" as const, content: [own, { type: "text" as const, text: ASK.messages[0]?.content ?? "" }] },
          ],
          ...({ retrieval: { top_k: 2 } } as object),
        };
        const message =
          how === "create"
            ? await client().messages.create(params)
            : await client().messages.stream(params).finalMessage();
        expect(textOf(message)).toBe(NATIVE_TEXTS.join(""));
        // The provider was sent ours before the question, and so counted them first; here the client's come first.
        expect(citationsOf(message)).toMatchObject([
          { ...CANADA, search_result_index: 1 },
          { search_result_index: 2 },
          { search_result_index: 0, source: own.source, title: "Own", cited_text: "A coast is long." },
        ]);
        const sent = worldOf().upstream.requestsTo("anthropic-native").at(-1);
        expect(sent).toMatchObject({ path: "/v1/messages", headers: { "x-api-key": "provider-key-1" } });
        expect(JSON.stringify(sent?.body["messages"])).not.toContain("<passage-");
      },
    );

    it("extractive answers with cited sentences, and without retrieval has nothing to cite", async ({ expect }) => {
      const message = await client().messages.create({ ...ASK, model: "extractive" });
      expect(textOf(message)).toContain("Canada has the longest coastline");
      expect(citationsOf(message)[0]).toMatchObject(CANADA);
      const plain = await client().messages.create({ ...ASK, model: "normal", ...({ retrieval: false } as object) });
      expect([textOf(plain), citationsOf(plain)]).toEqual([UPSTREAM_TEXT, []]);
    });

    it("a tool call comes with its input", async ({ expect }) => {
      const tools = [{ name: "convert", input_schema: { type: "object" as const } }];
      const message = await client()
        .messages.stream({ ...ASK, model: "tool-call", tools })
        .finalMessage();
      expect(message).toMatchObject({
        content: [{ type: "tool_use", name: "convert", input: { kilometres: 202_080 } }],
        stop_reason: "tool_use",
      });
    });

    it.for([
      ["cut", "upstream_cut"],
      ["stall", "upstream_timeout"],
      ["error-frame", "upstream_unavailable"],
      ["anthropic-cut", "upstream_cut"],
    ] as const)("%s: a broken stream is an error", async ([model, code], { expect }) => {
      const failure: unknown = await client()
        .messages.stream({ ...ASK, model })
        .finalMessage()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(APIError);
      expect((failure as APIError).errorCode).toBe(code);
    });

    it("errors are those of Anthropic's API", async ({ expect }) => {
      const failureOf = async (model: string, key?: string): Promise<unknown> =>
        await client(key)
          .messages.create({ ...ASK, model })
          .catch((error: unknown) => error);
      expect(await failureOf("normal", "guess")).toBeInstanceOf(AuthenticationError);
      expect(await failureOf("bad-parameter")).toBeInstanceOf(BadRequestError);
      const limited = await failureOf("rate-limited");
      expect(limited).toBeInstanceOf(RateLimitError);
      expect((limited as RateLimitError).headers.get("retry-after")).toBe("3600");
    });

    it("leaving a stream cancels the upstream's", async ({ expect }) => {
      let seen = 0;
      for await (const _event of await client().messages.create({ ...ASK, model: "endless", stream: true })) {
        seen += 1;
        if (seen === 5) {
          break;
        }
      }
      await expect(worldOf().upstream.aborted("endless")).resolves.toBeUndefined();
    });
  });
}
