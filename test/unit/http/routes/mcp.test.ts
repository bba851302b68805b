import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { describe, it } from "vitest";
import type { AppDependencies } from "../../../../src/http/app-dependencies.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { fakeRetriever } from "../../../support/fake-retriever.ts";
import { callTool, connectMcp } from "../../../support/mcp-client.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";
import { createTestApp, type TestApp } from "../../../support/test-app.ts";

const PRODUCTION = { MODE: "production", API_KEYS: "alpha", CORS_ORIGINS: "https://app.example" };
const HEADERS = { authorization: "Bearer alpha" };

const PASSAGES = retrievedPassages([
  { title: "Cats > Sounds", text: "Cats purr.", url: "https://example.test/cats" },
  { title: "Cats > Food", text: "Cats eat fish.", url: "https://example.test/cats" },
  { title: "Dogs", text: "Dogs bark.", url: "" },
]).map((found, index) => ({ ...found, passage: { ...found.passage, documentId: index < 2 ? "cats" : "dogs" } }));

/** Two documents: the first with a title of its own. */
const catalog = {
  get: (_collection: string, [id]: readonly string[]) =>
    Promise.resolve(id === "cats" ? [{ id, latest: { title: "Cats" } }] : []),
  passages: (_collection: string, id: string, limit: number) =>
    Promise.resolve(
      PASSAGES.map(({ passage }) => passage)
        .filter(({ documentId }) => documentId === id)
        .slice(0, limit),
    ),
};

interface World extends TestApp {
  readonly connect: (path?: string, headers?: Record<string, string>) => Promise<Client>;
}

function world(found: Parameters<typeof fakeRetriever>[0] = PASSAGES): World {
  const app = createTestApp({
    variables: PRODUCTION,
    // All of it that the tools need.
    dependencies: {
      retriever: fakeRetriever(found),
      documents: { catalog } as unknown as AppDependencies["documents"],
    },
  });
  return {
    ...app,
    connect: (path = "/mcp", headers = HEADERS) =>
      connectMcp({
        url: `http://worker.test${path}`,
        headers,
        fetch: async (url, init) => await app.fetch(String(url), init),
      }),
  };
}

describe("the MCP client", () => {
  it("is told of search and fetch, which read only", async ({ expect }) => {
    const client = await world().connect();
    const { tools } = await client.listTools();
    expect(tools).toMatchObject([
      { name: "search", annotations: { readOnlyHint: true }, inputSchema: { required: ["query"] } },
      { name: "fetch", annotations: { readOnlyHint: true }, inputSchema: { required: ["id"] } },
    ]);
  });

  it("finds documents, one result each, as text and as JSON", async ({ expect }) => {
    const result = await callTool(await world().connect(), "search", { query: "What purrs?" });
    const results = [
      { id: "cats", title: "Cats > Sounds", url: "https://example.test/cats", text: "Cats purr." },
      { id: "dogs", title: "Dogs", url: "p3", text: "Dogs bark." },
    ];
    expect(result.structuredContent).toEqual({ results });
    expect(result.content).toEqual([{ type: "text", text: JSON.stringify({ results }) }]);
  });

  it("fetches a document with the text of its passages", async ({ expect }) => {
    const client = await world().connect();
    expect((await callTool(client, "fetch", { id: "cats" })).structuredContent).toEqual({
      id: "cats",
      title: "Cats",
      text: "Cats purr.\n\nCats eat fish.",
      url: "https://example.test/cats",
      metadata: {},
    });
    expect(await callTool(client, "fetch", { id: "fish" })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^unknown_document: there is no document "fish"/) }],
    });
  });

  it("searches the collection that its address names, and hears when there is none", async ({ expect }) => {
    const { connect } = world();
    expect(
      (await callTool(await connect("/mcp?collection=animals"), "search", { query: "x" })).isError,
    ).toBeUndefined();
    expect(await callTool(await connect("/mcp?collection=plants"), "search", { query: "x" })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^unknown_collection:/) }],
    });
  });

  it("hears of arguments that are wrong, and of a search that failed", async ({ expect }) => {
    const client = await world(new AppError("retrieval_failed", "both legs failed")).connect();
    expect((await callTool(client, "search", { query: " " })).isError).toBe(true);
    expect((await callTool(client, "search", { query: "x".repeat(8_193) })).isError).toBe(true);
    expect(await callTool(client, "search", { query: "x" })).toMatchObject({
      isError: true,
      content: [{ text: "retrieval_failed: both legs failed" }],
    });
  });
});

describe("POST /mcp", () => {
  const call = (headers: Record<string, string>, method = "tools/list", params: object = {}): RequestInit => ({
    method: "POST",
    headers: {
      ...HEADERS,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });

  it.for([
    ["of a page of another site", { origin: "https://evil.example" }, 403],
    ["of a page of a name made to mean this machine", { origin: "http://worker.test" }, 403],
    ["of an allowed page", { origin: "https://app.example" }, 200],
    ["of a program", {}, 200],
    ["without a key", { authorization: "" }, 401],
    ["with a wrong key", { authorization: "Bearer beta" }, 401],
  ] as const)("%s: %j is %i", async ([, headers, status], { expect }) => {
    const response = await world().fetch("/mcp", call(headers));
    expect(response.status).toBe(status);
    if (status !== 200) {
      expect(await response.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32_000 } });
    }
  });

  it("has no streams to listen to, and no sessions to end", async ({ expect }) => {
    const { fetch } = world();
    const refused = await fetch("/mcp", { headers: HEADERS });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", error: { data: { code: "method_not_allowed" } } });
    const listed = await fetch("/mcp", call({}));
    expect(listed.headers.get("mcp-session-id")).toBeNull();
  });

  it("leaves one usage record a request, with what its search used; a tool that failed is a failure", async ({
    expect,
  }) => {
    const { fetch, usageRecords } = world();
    for (const [name, args] of [
      ["search", { query: "What purrs?" }],
      ["fetch", { id: "fish" }],
    ] as const) {
      await (await fetch("/mcp", call({}, "tools/call", { name, arguments: args }))).text();
    }
    // A stream is settled a moment after its last byte.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const records = await usageRecords();
    expect(
      records.map(({ outcome, status, errorCode, counts }) => [outcome, status, errorCode, counts.retrievals]),
    ).toEqual([
      ["completed", 200, null, 1],
      ["failed", 200, "unknown_document", 0],
    ]);
  });
});
