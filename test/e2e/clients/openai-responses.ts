import OpenAI, { APIError, AuthenticationError } from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, it } from "vitest";
import type { OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_COLLECTION, SMALL_PASSAGES } from "../../support/small-collection.ts";
import { UPSTREAM_TEXT, UPSTREAM_TOOL_CALL, UPSTREAM_USAGE } from "../../support/upstream-scripts.ts";

const ASK = {
  input: "Which country has the longest coastline?",
  tools: [{ type: "file_search" as const, vector_store_ids: [SMALL_COLLECTION], max_num_results: 2 }],
};
const TEXT = UPSTREAM_TEXT.replace(" [1]", "");
const [CANADA] = SMALL_PASSAGES;

/** The Responses API and the search of vector stores, by OpenAI's client against a running Worker. */
export function describeOpenAiResponses(worldOf: () => OpenAiWorld): void {
  describe("the openai client's responses", () => {
    it("come with the search, what it found, and file citations", async ({ expect }) => {
      const response = await worldOf().client.responses.create({
        ...ASK,
        model: "normal",
        include: ["file_search_call.results"],
      });
      expect(response.output_text).toBe(TEXT);
      expect(response.usage).toMatchObject({ total_tokens: UPSTREAM_USAGE.total_tokens });
      expect(response.output).toMatchObject([
        { type: "file_search_call", results: [{ text: CANADA.text, attributes: CANADA.metadata }, {}] },
        {
          type: "message",
          content: [
            {
              annotations: [
                {
                  type: "file_citation",
                  file_id: CANADA.id,
                  filename: CANADA.title,
                  index: "Canada has the longest coastline".length,
                },
              ],
            },
          ],
        },
      ]);
    });

    it("stream to the same end, however the upstream's bytes are cut", async ({ expect }) => {
      const events: ResponseStreamEvent[] = await Array.fromAsync(
        await worldOf().client.responses.create({ ...ASK, model: "split-bytes", stream: true }),
      );
      const deltas = events.map((event) => (event.type === "response.output_text.delta" ? event.delta : ""));
      expect(deltas.join("")).toBe(TEXT);
      expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { status: "completed" } });
      const final = await worldOf()
        .client.responses.stream({ ...ASK, model: "normal" })
        .finalResponse();
      expect(final.output_text).toBe(TEXT);
    });

    it("call functions", async ({ expect }) => {
      const convert = { type: "function" as const, name: "convert", parameters: { type: "object" }, strict: false };
      const { output } = await worldOf().client.responses.create({
        ...ASK,
        model: "tool-call",
        tools: [...ASK.tools, convert],
      });
      expect(output.at(-1)).toMatchObject({
        type: "function_call",
        call_id: UPSTREAM_TOOL_CALL.id,
        name: "convert",
        arguments: UPSTREAM_TOOL_CALL.function.arguments,
      });
    });

    it.for([
      ["cut", "upstream_cut"],
      ["stall", "upstream_timeout"],
    ] as const)("%s: a broken stream is an error", async ([model, code], { expect }) => {
      const failure: unknown = await worldOf()
        .client.responses.stream({ ...ASK, model })
        .finalResponse()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(APIError);
      expect(failure).toMatchObject({ code });
    });

    it("are not for strangers", async ({ expect }) => {
      const stranger = new OpenAI({ apiKey: "guess", baseURL: `${worldOf().worker.url}/v1`, maxRetries: 0 });
      await expect(stranger.responses.create({ ...ASK, model: "normal" })).rejects.toBeInstanceOf(AuthenticationError);
    });
  });

  describe("the openai client's search of a vector store", () => {
    const search = async (params: Omit<OpenAI.VectorStores.VectorStoreSearchParams, "query">) =>
      await worldOf().client.vectorStores.search(SMALL_COLLECTION, { query: ASK.input, ...params });

    it("takes filters, a threshold, weights and a rewrite, and is one page", async ({ expect }) => {
      const page = await search({ max_num_results: 3, rewrite_query: true });
      expect(page.data.map(({ file_id: id }) => id)[0]).toBe(CANADA.id);
      expect(page.hasNextPage()).toBe(false);
      expect((await Array.fromAsync(page)).length).toBe(page.data.length);
      const africa = await search({ filters: { type: "eq", key: "region", value: "Africa" } });
      expect(africa.data.map(({ file_id: id }) => id)).toEqual(["burkina-capital"]);
      const either = await search({
        filters: {
          type: "or",
          filters: [
            { type: "eq", key: "country", value: "Norway" },
            { type: "eq", key: "country", value: "Canada" },
          ],
        },
      });
      expect(either.data.map(({ file_id: id }) => id)).toEqual(["canada-coast", "norway-coast"]);
      const [best, second] = page.data;
      const threshold = ((best?.score ?? 0) + (second?.score ?? 0)) / 2;
      expect((await search({ ranking_options: { ranker: "auto", score_threshold: threshold } })).data).toHaveLength(1);
    });

    it("says which field a filter that cannot be was in", async ({ expect }) => {
      const filters = { type: "or" as const, filters: [{ type: "gt" as const, key: "year", value: 1 }] };
      await expect(search({ filters })).rejects.toMatchObject({
        status: 400,
        code: "invalid_filter",
        param: "filters",
      });
    });
  });
}
