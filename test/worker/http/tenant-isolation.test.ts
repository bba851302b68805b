import * as fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { type CallOptions, callWorker } from "./call-worker.ts";
import { FOREIGN, hostileFilter, hostileId, hostileName, MINE, QUERY } from "./hostile-input.ts";
import { callOfTool, type HostileRequest, messages, protocolRequest, retrieval } from "./hostile-protocols.ts";

// Against the Worker of wrangler.toml. What the other tenant owns says so in every text, name and id.
const SECRET = /zanzibar/i;

let acme: readonly string[];
let other: string;
let foreignFile: string;

async function createKey(tenant: string, scopes: readonly string[]): Promise<string> {
  const reply = await callWorker("/v1/admin/keys", { body: { name: "k", tenant, scopes } });
  return reply.json.key;
}

const as = (key: string, options: CallOptions = {}): CallOptions => ({
  ...options,
  headers: { ...options.headers, authorization: `Bearer ${key}` },
});

async function fill(collection: string, documents: readonly object[]): Promise<void> {
  for (const [path, body] of [
    ["/v1/collections", { name: collection, metadata: { note: String(Reflect.get(documents[0] ?? {}, "title")) } }],
    [`/v1/collections/${collection}/documents`, { documents }],
  ] as const) {
    const reply = await callWorker(path, { body });
    if (reply.status !== 200) {
      throw new Error(`${path}: ${reply.status} ${reply.text}`);
    }
  }
}

async function uploadFile(key: string): Promise<string> {
  const form = new FormData();
  form.set("purpose", "assistants");
  form.set("file", new File(["The Zanzibar file."], "zanzibar.txt", { type: "text/plain" }));
  const request = new Request("http://worker.test/v1/files", { method: "POST", body: form });
  const type = request.headers.get("content-type") ?? "";
  const reply = await callWorker(
    "/v1/files",
    as(key, { body: await request.text(), headers: { "content-type": type } }),
  );
  return reply.json.id;
}

beforeAll(async () => {
  await fill(MINE, [
    { id: "coast", title: "Coast", content: "The plan of the coast is long.", metadata: { country: "Norway" } },
  ]);
  await fill(FOREIGN, [
    {
      id: "zanzibar-1",
      title: "Zanzibar plan",
      content: "The Zanzibar plan of the coast is secret.",
      url: "https://zanzibar.example/",
      metadata: { country: "Zanzibar" },
    },
  ]);
  acme = await Promise.all(
    [["retrieve"], ["generate"], ["ingest"], ["retrieve", "generate", "ingest"]].map((scopes) =>
      createKey("acme", scopes),
    ),
  );
  other = await createKey("other", ["retrieve", "generate", "ingest"]);
  foreignFile = await uploadFile(other);
});

const hostileHeaders = fc.oneof(
  fc.constant({}),
  fc
    .record({
      name: fc.constantFrom(
        "x-tenant",
        "x-collection",
        "x-api-key",
        "x-forwarded-user",
        "x-original-url",
        "x-http-method-override",
        "openai-organization",
        "cf-access-jwt-assertion",
        "cookie",
        "idempotency-key",
        "x-request-id",
      ),
      value: fc.constantFrom("other", FOREIGN, "operator", "PUT", `/v1/collections/${FOREIGN}`, "admin=1"),
    })
    .map(({ name, value }): Record<string, string> => ({ [name]: value })),
);

const withMore = (body: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc
    .tuple(
      body,
      fc.oneof(
        fc.constant({}),
        fc.dictionary(fc.constantFrom("namespace", "collection", "tenant", "where"), hostileName),
      ),
    )
    .map(([sent, more]) => ({ ...more, ...sent }));

/** What a client of this tenant's may think of. */
const request: fc.Arbitrary<HostileRequest> = fc.oneof(
  protocolRequest,
  withMore(
    fc.record(
      { query: fc.constant(QUERY), collection: hostileName, filter: hostileFilter, mode: fc.constant("lexical") },
      { requiredKeys: ["query", "mode"] },
    ),
  ).map((body) => ({ path: "/v1/retrieve", options: { body } })),
  retrieval.map((value) => ({ path: "/v1/chat/completions", options: { body: { messages, retrieval: value } } })),
  fc.tuple(hostileName, hostileFilter).map(([name, filters]) => ({
    path: "/v1/chat/completions",
    options: { body: { messages, tools: [{ type: "file_search", vector_store_ids: [name], filters }] } },
  })),
  fc.tuple(hostileName, hostileFilter).map(([name, filters]) => ({
    path: `/v1/vector_stores/${encodeURIComponent(name)}/search`,
    options: { body: { query: QUERY, filters } },
  })),
  fc
    .tuple(
      fc.constantFrom("collections", "vector_stores"),
      hostileName,
      fc.constantFrom(
        "",
        "/documents",
        "/files",
        "/documents/ID",
        "/files/ID",
        "/files/ID/content",
        "/file_batches/ID",
      ),
      hostileId,
      fc.boolean(),
    )
    .map(([kind, name, rest, id, isEncoded]) => ({
      path: `/v1/${kind}/${isEncoded ? encodeURIComponent(name) : encodeURI(name)}${rest.replace("ID", encodeURIComponent(id))}`,
      options: {},
    })),
  fc
    .constantFrom("/v1/collections", "/v1/vector_stores", "/v1/files", "/v1/models", "/v1/usage", "/v1/query-side")
    .map((path) => ({ path, options: {} })),
  hostileName.map((name) => ({ path: `/v1/query-side?collection=${encodeURIComponent(name)}`, options: {} })),
  hostileName.map((name) => ({ path: `/v1/collections?after=${encodeURIComponent(name)}`, options: {} })),
  hostileName.map((name) => ({ path: `/v1/admin/collections/${encodeURIComponent(name)}`, options: {} })),
  fc.tuple(hostileName, fc.constantFrom("", "/content")).map(([name, rest]) => ({
    path: `/v1/vector_stores/${encodeURIComponent(name)}/files/${foreignFile}${rest}`,
    options: {},
  })),
  fc.constantFrom("", "/content").map((rest) => ({ path: `/v1/files/${foreignFile}${rest}`, options: {} })),
  fc.tuple(hostileName).map(([name]) => ({
    path: `/v1/vector_stores/${encodeURIComponent(name)}/files`,
    options: { body: { file_id: foreignFile } },
  })),
  fc.tuple(hostileName).map(([name]) => ({
    path: "/v1/feedback",
    options: { body: { collection: name, query: QUERY, passages: [{ id: "x", relevance: 1 }] } },
  })),
);

/** The reply without what the request itself has said. */
function withoutEcho(
  text: string,
  { path, options }: { readonly path: string; readonly options: CallOptions },
): string {
  const said = new Set(
    [
      path,
      decodeURIComponent(path),
      ...path.split("/").map(decodeURIComponent),
      JSON.stringify(options.body ?? ""),
    ].flatMap((part) => part.match(/[\w.:/-]*zanzibar[\w.:/ -]*/gi) ?? []),
  );
  return [QUERY, ...said].reduce((left, word) => left.replaceAll(word, ""), text);
}

describe("a tenant's text", () => {
  it("never reaches another tenant, whatever he asks", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), request, hostileHeaders, async (which, { path, options }, headers) => {
        const key = acme[which % acme.length] ?? "";
        const reply = await callWorker(path, as(key, { ...options, headers: { ...options.headers, ...headers } }));
        expect(reply.status).toBeLessThan(500);
        expect(withoutEcho(reply.text, { path, options })).not.toMatch(SECRET);
      }),
      { numRuns: 400 },
    );
  }, 240_000);

  it("is still there, and its own tenant finds it by the same requests", async ({ expect }) => {
    for (const [path, options] of [
      ["/v1/retrieve", { body: { query: QUERY, collection: FOREIGN, mode: "lexical" } }],
      ["/v1/chat/completions", { body: { messages, retrieval: { collection: FOREIGN } } }],
      ["/v1/messages", { body: { messages, max_tokens: 100, retrieval: { collection: FOREIGN } } }],
      ["/v1/responses", { body: { input: QUERY, retrieval: { collection: FOREIGN } } }],
      [`/v1/vector_stores/${FOREIGN}/search`, { body: { query: QUERY } }],
      [`/mcp?collection=${FOREIGN}`, callOfTool("search", { query: QUERY })],
      [`/mcp?collection=${FOREIGN}`, callOfTool("fetch", { id: "zanzibar-1" })],
      [
        "/retrieval",
        { body: { knowledge_id: FOREIGN, query: QUERY, retrieval_setting: { top_k: 5, score_threshold: 0 } } },
      ],
      [`/v1/collections/${FOREIGN}/documents`, {}],
      ["/v1/collections", {}],
      ["/v1/files", {}],
      [`/v1/files/${foreignFile}/content`, {}],
    ] as const) {
      const reply = await callWorker(path, as(other, options));
      expect([path, reply.status]).toEqual([path, 200]);
      expect(withoutEcho(reply.text, { path: "", options })).toMatch(SECRET);
    }
  });

  it("cannot be changed or deleted by another tenant", async ({ expect }) => {
    const key = acme[3] ?? "";
    for (const [method, path, body] of [
      ["DELETE", `/v1/collections/${FOREIGN}`, undefined],
      ["DELETE", `/v1/collections/${FOREIGN}/documents/zanzibar-1`, undefined],
      [
        "DELETE",
        `/v1/collections/${FOREIGN}/documents?filter=${encodeURIComponent('{"country":"Zanzibar"}')}`,
        undefined,
      ],
      ["PUT", `/v1/collections/${FOREIGN}/documents/zanzibar-1`, "mine now"],
      ["POST", `/v1/collections/${FOREIGN}/documents`, { id: "zanzibar-1", content: "mine now" }],
      ["POST", "/v1/collections", { name: FOREIGN, display_name: "mine now" }],
      ["POST", `/v1/vector_stores/${FOREIGN}`, { name: "mine now" }],
      ["DELETE", `/v1/vector_stores/${FOREIGN}`, undefined],
      ["DELETE", `/v1/files/${foreignFile}`, undefined],
    ] as const) {
      const reply = await callWorker(path, as(key, { method, ...(body === undefined ? {} : { body }) }));
      expect([403, 404]).toContain(reply.status);
    }
    const documents = await callWorker(`/v1/collections/${FOREIGN}/documents`, as(other));
    expect(documents.json.data).toMatchObject([{ id: "zanzibar-1", title: "Zanzibar plan", status: "completed" }]);
    expect((await callWorker(`/v1/files/${foreignFile}`, as(other))).status).toBe(200);
  });
});
