import { env } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { vectorize } from "../vector-index/local-bindings.ts";
import { callWorker, type Reply } from "./call-worker.ts";

const NAME = "handbook";
const COLLECTION = `/v1/collections/${NAME}`;
const DOCUMENTS = `${COLLECTION}/documents`;

beforeAll(async () => {
  await callWorker("/v1/collections", { body: { name: NAME, display_name: "Handbook", metadata: { team: "ops" } } });
});

const search = (query: string, more: object = {}): Promise<Reply> =>
  callWorker("/v1/retrieve", { body: { query, collection: NAME, ...more } });

async function textsOf(query: string, more: object = {}): Promise<string[]> {
  return (await search(query, more)).json.data.map(({ text }: { text: string }) => text);
}

const MARKDOWN = `# Keys

Intro to keys.

## Rotation

Rotate a key every ninety days. The old one works for an hour.

## Revocation

A revoked key is refused at once.
`;

describe("POST /v1/collections", () => {
  it("creates a collection of the Worker's own encoder, once", async ({ expect }) => {
    const again = await callWorker("/v1/collections", { body: { name: NAME } });
    expect([again.status, again.json]).toMatchObject([
      200,
      { name: NAME, display_name: "Handbook", metadata: { team: "ops" }, dims: 384, encoder_name: expect.any(String) },
    ]);
    const list = await callWorker("/v1/collections");
    expect(list.json).toMatchObject({ data: [{ name: NAME }], first_id: NAME, last_id: NAME, has_more: false });
  });
});

describe("a small document", () => {
  it("is searchable when the answer comes, cut at its headings, with its path of titles", async ({ expect }) => {
    const reply = await callWorker(DOCUMENTS, {
      body: {
        id: "keys",
        title: "Key handbook",
        url: "https://example.test/keys",
        format: "markdown",
        content: MARKDOWN,
        metadata: { country: "Norway" },
      },
    });
    expect([reply.status, reply.json]).toMatchObject([
      200,
      { object: "document", id: "keys", status: "completed", passage_count: 3, error: null, format: "markdown" },
    ]);
    const found = await search("how often is a key rotated?", { mode: "dense" });
    expect(found.json.data[0]).toMatchObject({
      document_id: "keys",
      title: "Key handbook > Rotation",
      text: "Rotate a key every ninety days. The old one works for an hour.",
      url: "https://example.test/keys",
      metadata: { country: "Norway" },
    });
    expect(await textsOf("revoked", { mode: "lexical" })).toEqual(["A revoked key is refused at once."]);
    expect(await textsOf("revoked", { mode: "lexical", filter: { country: "Canada" } })).toEqual([]);
  });

  it("sent again unchanged, it is not encoded again", async ({ expect }) => {
    const body = { id: "same", content: "A walrus has tusks." };
    const [first, second] = [await callWorker(DOCUMENTS, { body }), await callWorker(DOCUMENTS, { body })];
    expect(second.json).toEqual(first.json);
    const changed = await callWorker(DOCUMENTS, { body: { ...body, url: "https://example.test/" } });
    expect(changed.json.version).toBeGreaterThan(first.json.version);
  });

  it("replaced, its old text is found no more, by words or by meaning, and its old vectors are gone", async ({
    expect,
  }) => {
    await callWorker(DOCUMENTS, { body: { id: "pet", content: "Otters hold hands while they sleep." } });
    const before = (await search("otters", { mode: "dense" })).json.data.find(
      ({ document_id: id }: { document_id: string }) => id === "pet",
    );
    await callWorker(DOCUMENTS, { body: { id: "pet", content: "Hedgehogs roll up when they are afraid." } });
    expect(await textsOf("otters", { mode: "lexical" })).toEqual([]);
    expect(await textsOf("otters hold hands", { mode: "dense" })).not.toContain(before.text);
    expect(await vectorize.getByIds([`${NAME}/${before.id}`])).toEqual([]);
    expect(await textsOf("hedgehogs", { mode: "lexical" })).toEqual(["Hedgehogs roll up when they are afraid."]);
  });

  it("deleted, nothing of it is left: no text, no full text, no vector, no record", async ({ expect }) => {
    await callWorker(DOCUMENTS, { body: { id: "gone", content: "The platypus lays eggs." } });
    const [passage] = (await search("platypus", { mode: "lexical" })).json.data;
    const deleted = await callWorker(`${DOCUMENTS}/gone`, { method: "DELETE" });
    expect([deleted.status, deleted.json]).toEqual([200, { object: "document.deleted", id: "gone", deleted: true }]);
    expect(await textsOf("platypus", { mode: "lexical" })).toEqual([]);
    expect(await vectorize.getByIds([`${NAME}/${passage.id}`])).toEqual([]);
    expect((await callWorker(`${DOCUMENTS}/gone`)).status).toBe(404);
    expect((await callWorker(`${DOCUMENTS}/gone`, { method: "DELETE" })).status).toBe(404);
    const rows = await env.DB.prepare("SELECT count(*) AS count FROM passages WHERE text LIKE '%platypus%'").first(
      "count",
    );
    expect(rows).toBe(0);
  });
});

describe("many documents", () => {
  it("are listed in pages, by status and by filter, and deleted by filter", async ({ expect }) => {
    const documents = ["Bergen", "Oslo", "Toronto"].map((city) => ({
      id: city,
      content: `${city} is a city with a harbour.`,
      metadata: { country: city === "Toronto" ? "Canada" : "Norway", kind: "city" },
    }));
    const sent = await callWorker(DOCUMENTS, { body: { documents } });
    expect(sent.json.data.map(({ status }: { status: string }) => status)).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
    const filter = encodeURIComponent(JSON.stringify({ kind: "city" }));
    const ids = async (query: string): Promise<[string[], boolean]> => {
      const { json } = await callWorker(`${DOCUMENTS}?${query}`);
      return [json.data.map(({ id }: { id: string }) => id), json.has_more];
    };
    expect(await ids(`filter=${filter}&limit=2`)).toEqual([["Toronto", "Oslo"], true]);
    expect(await ids(`filter=${filter}&limit=2&after=Oslo`)).toEqual([["Bergen"], false]);
    expect(await ids(`filter=${filter}&order=asc&status=completed`)).toEqual([["Bergen", "Oslo", "Toronto"], false]);
    expect(await ids("status=failed")).toEqual([[], false]);
    const norway = encodeURIComponent(JSON.stringify({ kind: "city", country: "Norway" }));
    expect((await callWorker(`${DOCUMENTS}?filter=${norway}`, { method: "DELETE" })).json.deleted).toBe(true);
    expect(await ids(`filter=${filter}`)).toEqual([["Toronto"], false]);
    expect(await textsOf("harbour", { mode: "lexical" })).toEqual(["Toronto is a city with a harbour."]);
  });
});

describe("a document as it is", () => {
  it.for([
    ["text/markdown", "note", "# Seals\n\nSeals are not sea lions.", "Seals"],
    [
      "text/html; charset=utf-8",
      "page",
      "<title>Crabs</title><nav>menu</nav><p>Crabs walk sideways.</p><script>x</script>",
      "Crabs",
    ],
    ["application/json", "record", '{"title": "Squid", "arms": 8, "ink": {"colour": "black"}}', "Squid"],
    ["application/octet-stream", "file.txt", "Corals are animals.", ""],
  ] as const)("%s", async ([type, id, content, title], { expect }) => {
    const reply = await callWorker(`${DOCUMENTS}/${id}?url=https://example.test/x`, {
      method: "PUT",
      body: content,
      headers: { "content-type": type },
    });
    expect([reply.status, reply.json]).toMatchObject([200, { id, title, status: "completed", passage_count: 1 }]);
  });
});

describe("what cannot be taken in is refused, and nothing of the request is", () => {
  it.for<[string, unknown, number, string]>([
    ["no content", { id: "x" }, 400, "invalid_request"],
    ["no text", { id: "x", content: " \n " }, 400, "invalid_request"],
    ["JSON that is none", { id: "x", format: "json", content: "{" }, 400, "invalid_request"],
    ["an unknown field", { id: "x", content: "a", colour: 1 }, 400, "invalid_request"],
    ["metadata with a dollar", { id: "x", content: "a", metadata: { $a: 1 } }, 400, "invalid_request"],
    [
      "an overlap of more than half",
      { id: "x", content: "a", max_tokens: 32, overlap_tokens: 20 },
      400,
      "invalid_request",
    ],
    [
      "the same id twice",
      {
        documents: [
          { id: "x", content: "a" },
          { id: "x", content: "b" },
        ],
      },
      400,
      "invalid_request",
    ],
    [
      "one bad among good",
      {
        documents: [
          { id: "x", content: "a" },
          { id: "y", content: "" },
        ],
      },
      400,
      "invalid_request",
    ],
  ])("%s", async ([, body, status, code], { expect }) => {
    const reply = await callWorker(DOCUMENTS, { body });
    expect([reply.status, reply.json.error?.code]).toEqual([status, code]);
    expect((await callWorker(`${DOCUMENTS}/x`)).status).toBe(404);
  });

  it("an unknown collection, an unknown format, a deletion without a filter", async ({ expect }) => {
    expect((await callWorker("/v1/collections/nowhere/documents", { body: { content: "a" } })).json.error.code).toBe(
      "unknown_collection",
    );
    const pdf = await callWorker(`${DOCUMENTS}/x`, {
      method: "PUT",
      body: "%PDF",
      headers: { "content-type": "application/pdf" },
    });
    expect(pdf.json.error.code).toBe("unsupported_format");
    for (const query of ["", "?filter=%7B%7D", "?filter=x"]) {
      expect((await callWorker(DOCUMENTS + query, { method: "DELETE" })).status).toBe(400);
    }
  });
});

describe("usage", () => {
  it("has the tokens that documents took to encode, at the key they came with", async ({ expect }) => {
    const { json } = await callWorker("/v1/admin/keys", { body: { name: "n", tenant: "acme", scopes: ["ingest"] } });
    const headers = { authorization: `Bearer ${json.key}` };
    await callWorker("/v1/collections", { body: { name: "acme.zoo" }, headers });
    const path = "/v1/collections/acme.zoo/documents";
    const sent = await callWorker(path, { body: { id: "a", content: "Seals sleep under water." }, headers });
    await callWorker(path, { body: { id: "a", content: "Seals sleep under water." }, headers });
    expect(sent.json.embed_tokens).toBeGreaterThan(4);
    const sum = async (): Promise<number> =>
      (await callWorker("/v1/usage?group_by=", { headers })).json.data[0]?.embed_tokens ?? 0;
    await expect.poll(sum, { timeout: 20_000 }).toBe(sent.json.embed_tokens);
  });
});
