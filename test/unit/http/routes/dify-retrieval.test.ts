import { describe, it } from "vitest";
import { fakeRetriever } from "../../../support/fake-retriever.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";
import { createTestApp } from "../../../support/test-app.ts";

const PRODUCTION = { MODE: "production", API_KEYS: "alpha" };
const BODY = { knowledge_id: "animals", query: "What purrs?", retrieval_setting: { top_k: 3, score_threshold: 0 } };

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

describe("POST /retrieval", () => {
  it("answers in Dify's records, with metadata that is never null", async ({ expect }) => {
    const retriever = fakeRetriever(
      retrievedPassages([{ title: "Cats", text: "Cats purr.", url: "https://example.test/cats" }]),
    );
    const { fetch } = createTestApp({ dependencies: { retriever } });
    const response = await fetch("/retrieval", post(BODY));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      records: [
        {
          content: "Cats purr.",
          score: 1,
          title: "Cats",
          metadata: { url: "https://example.test/cats", document_id: expect.any(String), passage_id: "p1" },
        },
      ],
    });
    expect(retriever.requests[0]).toMatchObject({ query: "What purrs?", topK: 3, collection: { name: "animals" } });
    expect(retriever.requests[0]).not.toHaveProperty("minScore");
  });

  it("passes threshold and conditions on", async ({ expect }) => {
    const retriever = fakeRetriever([]);
    const { fetch } = createTestApp({ dependencies: { retriever } });
    const response = await fetch(
      "/retrieval",
      post({
        ...BODY,
        retrieval_setting: { top_k: 3, score_threshold: 0.4 },
        metadata_condition: {
          logical_operator: "and",
          conditions: [{ name: "country", comparison_operator: "is", value: "Norway" }],
        },
        a_field_of_a_later_dify: true,
      }),
    );
    expect(await response.json()).toEqual({ records: [] });
    expect(retriever.requests[0]).toMatchObject({ minScore: 0.4, filter: { country: { $eq: "Norway" } } });
  });

  it.for([
    ["no key", BODY, {}, 401, 1001],
    ["a key in another form", BODY, { authorization: "Basic alpha" }, 401, 1001],
    ["a wrong key", BODY, { authorization: "Bearer beta" }, 401, 1002],
    ["an unknown collection", { ...BODY, knowledge_id: "plants" }, { authorization: "Bearer alpha" }, 404, 2001],
    ["a body that is no JSON", "{", { authorization: "Bearer alpha" }, 400, 400],
    ["a body without a query", { ...BODY, query: "" }, { authorization: "Bearer alpha" }, 400, 400],
  ] as const)("says %s in Dify's codes", async ([, body, headers, status, code], { expect }) => {
    const { fetch } = createTestApp({ variables: PRODUCTION });
    const response = await fetch("/retrieval", post(body, headers));
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error_code: code, error_msg: expect.stringMatching(/.{10}/) });
  });

  it("is refused in Dify's shape with another method too, and counted once like every search", async ({ expect }) => {
    const { fetch, usageRecords } = createTestApp({ variables: PRODUCTION });
    const authorization = "Bearer alpha";
    const refused = await fetch("/retrieval", { headers: { authorization } });
    expect(await refused.json()).toMatchObject({ error_code: 405 });
    await fetch("/retrieval", post(BODY, { authorization }));
    await fetch("/retrieval", post({ ...BODY, knowledge_id: "plants" }, { authorization }));
    const records = (await usageRecords()).filter(({ path, method }) => path === "/retrieval" && method === "POST");
    expect(records.map(({ outcome, counts }) => [outcome, counts.retrievals])).toEqual([
      ["completed", 1],
      ["failed", 0],
    ]);
  });
});
