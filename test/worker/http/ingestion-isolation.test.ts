import { beforeAll, describe, it } from "vitest";
import { callWorker, type CallOptions, type Reply } from "./call-worker.ts";

/** In every text and every name of the one tenant, and nowhere else. */
const SECRET = "narwhal";

interface Tenant {
  readonly key: string;
  readonly store: string;
  readonly file: string;
  readonly batch: string;
}

async function as(key: string, path: string, options: CallOptions = {}): Promise<Reply> {
  return await callWorker(path, { ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } });
}

async function createTenant(tenant: string, content: string): Promise<Tenant> {
  const scopes = ["retrieve", "ingest"];
  const { json } = await callWorker("/v1/admin/keys", { body: { name: "n", tenant, scopes } });
  const key = String(json.key);
  const store = (await as(key, "/v1/vector_stores", { body: { name: content } })).json;
  const boundary = "b0undary";
  const file = await as(key, "/v1/files", {
    body: [
      `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants`,
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${content}.txt"\r\n\r\nThe ${content} is a whale.`,
      `--${boundary}--\r\n`,
    ].join("\r\n"),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  });
  const attached = await as(key, `/v1/vector_stores/${store.id}/files`, { body: { file_id: file.json.id } });
  if (attached.json.status !== "completed") {
    throw new Error(`the file was not taken in: ${attached.text}`);
  }
  const batch = await as(key, `/v1/vector_stores/${store.id}/file_batches`, { body: { file_ids: [file.json.id] } });
  return { key, store: store.id, file: file.json.id, batch: batch.json.id };
}

let mine: Tenant;
let other: Tenant;
beforeAll(async () => {
  mine = await createTenant("acme", SECRET);
  other = await createTenant("other", "beluga");
});

describe("what one tenant put in", () => {
  it("he finds, in a store whose id begins with his name", async ({ expect }) => {
    expect(mine.store).toMatch(/^acme\.vs_/);
    const found = await as(mine.key, `/v1/vector_stores/${mine.store}/search`, { body: { query: "whale" } });
    expect(found.json.data).toMatchObject([{ file_id: mine.file, filename: `${SECRET}.txt` }]);
  });

  it("no other one reaches, by whatever route, with whichever ids mixed", async ({ expect }) => {
    const { store, file, batch } = mine;
    const stores = `/v1/vector_stores/${store}`;
    const own = `/v1/vector_stores/${other.store}`;
    const collection = `/v1/collections/${store}`;
    const attempts: readonly (readonly [method: string, path: string, body?: object])[] = [
      ["GET", "/v1/collections"],
      ["GET", collection],
      ["DELETE", collection],
      ["POST", "/v1/collections", { name: store }],
      ["POST", "/v1/collections", { name: "acme.new" }],
      ["GET", `${collection}/documents`],
      ["POST", `${collection}/documents`, { id: file, content: "overwritten" }],
      ["PUT", `${collection}/documents/${file}`, {}],
      ["GET", `${collection}/documents/${file}`],
      ["DELETE", `${collection}/documents/${file}`],
      ["DELETE", `${collection}/documents?filter=${encodeURIComponent('{"a":{"$ne":1}}')}`],
      ["GET", `/v1/collections/${other.store}/documents/${file}`],
      ["GET", "/v1/files"],
      ["GET", `/v1/files/${file}`],
      ["GET", `/v1/files/${file}/content`],
      ["DELETE", `/v1/files/${file}`],
      ["GET", "/v1/vector_stores"],
      ["GET", stores],
      ["POST", stores, { name: "mine now" }],
      ["DELETE", stores],
      ["POST", `${stores}/search`, { query: "whale" }],
      ["GET", `${stores}/files`],
      ["POST", `${stores}/files`, { file_id: other.file }],
      ["POST", `${own}/files`, { file_id: file }],
      ["GET", `${stores}/files/${file}`],
      ["GET", `${own}/files/${file}`],
      ["DELETE", `${stores}/files/${file}`],
      ["POST", `${own}/file_batches`, { file_ids: [file] }],
      ["POST", "/v1/vector_stores", { file_ids: [file] }],
      ["GET", `${stores}/file_batches/${batch}`],
      ["GET", `${own}/file_batches/${batch}`],
      ["GET", `${own}/file_batches/${batch}/files`],
      ["POST", `${own}/file_batches/${batch}/cancel`, {}],
      ["POST", "/v1/retrieve", { query: SECRET, collection: store }],
      ["POST", "/v1/retrieve", { query: SECRET, collection: other.store }],
    ];
    const listings = new Set(["GET /v1/collections", "GET /v1/files", "GET /v1/vector_stores"]);
    for (const [method, path, body] of attempts) {
      const reply = await as(other.key, path, { method, ...(body === undefined ? {} : { body }) });
      // What was asked for may be repeated; what is his is never told.
      const told = reply.text.replaceAll(`"query":"${SECRET}"`, "");
      expect(told.includes(SECRET), `${method} ${path}: ${reply.text}`).toBe(false);
      const mayServe = listings.has(`${method} ${path}`) || path === "/v1/retrieve";
      expect([...(mayServe ? [200] : []), 403, 404], `${method} ${path}: ${reply.text}`).toContain(reply.status);
    }
    const found = await as(mine.key, `/v1/vector_stores/${store}/search`, { body: { query: "whale" } });
    expect(found.json.data).toMatchObject([{ file_id: file, content: [{ text: `The ${SECRET} is a whale.` }] }]);
  });

  it("a key that may only search does not change", async ({ expect }) => {
    const { json } = await callWorker("/v1/admin/keys", { body: { name: "n", tenant: "acme", scopes: ["retrieve"] } });
    expect((await as(json.key, `/v1/vector_stores/${mine.store}/search`, { body: { query: "whale" } })).status).toBe(
      200,
    );
    for (const [method, path] of [
      ["GET", "/v1/files"],
      ["POST", "/v1/vector_stores"],
      ["DELETE", `/v1/vector_stores/${mine.store}`],
      ["POST", `/v1/collections/${mine.store}/documents`],
    ] as const) {
      expect(
        (await as(json.key, path, { method, ...(method === "GET" ? {} : { body: {} }) })).json?.error?.code,
        path,
      ).toBe("forbidden");
    }
  });
});
