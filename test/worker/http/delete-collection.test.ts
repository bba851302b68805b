import { env } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { SMALL_COLLECTION, SMALL_PASSAGES, uploadSmallCollection } from "../../support/small-collection.ts";
import { vectorize } from "../vector-index/local-bindings.ts";
import { callWorker } from "./call-worker.ts";

const NAME = "gone";
const COLLECTION = `/v1/admin/collections/${NAME}`;

async function tablesAndViews(): Promise<unknown[]> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE name LIKE 'passages\\_%' ESCAPE '\\' ORDER BY name",
  ).all();
  return results;
}

async function vectorsOf(collection: string): Promise<number> {
  const ids = SMALL_PASSAGES.map(({ id }) => `${collection}/${id}`);
  return (await vectorize.getByIds(ids)).length;
}

describe("DELETE /v1/admin/collections/{name}", () => {
  let tablesBefore: unknown[];
  beforeAll(async () => {
    await uploadSmallCollection("", { call: callWorker });
    tablesBefore = await tablesAndViews();
    await uploadSmallCollection("", { call: callWorker, name: NAME });
  });

  it("takes vectors, text, full text and record along, once, and nothing of others", async ({ expect }) => {
    expect(await vectorsOf(NAME)).toBe(SMALL_PASSAGES.length);
    expect((await tablesAndViews()).length).toBeGreaterThan(tablesBefore.length);

    const reply = await callWorker(COLLECTION, { method: "DELETE" });
    expect([reply.status, reply.json]).toEqual([
      200,
      { object: "collection.deleted", name: NAME, deleted: true, passages: SMALL_PASSAGES.length },
    ]);

    expect(await vectorsOf(NAME)).toBe(0);
    expect(await tablesAndViews()).toEqual(tablesBefore);
    const left = await env.DB.prepare("SELECT count(*) AS count FROM passages WHERE vector_id LIKE ?")
      .bind(`${NAME}/%`)
      .first("count");
    expect(left).toBe(0);
    expect((await callWorker(COLLECTION)).status).toBe(404);
    const search = await callWorker("/v1/retrieve", { body: { query: "coast", collection: NAME } });
    expect([search.status, search.json.error.code]).toEqual([404, "unknown_collection"]);

    const again = await callWorker(COLLECTION, { method: "DELETE" });
    expect([again.status, again.json.error.code]).toEqual([404, "unknown_collection"]);
    expect(await vectorsOf(SMALL_COLLECTION)).toBe(SMALL_PASSAGES.length);
    const other = await callWorker("/v1/retrieve", { body: { query: "coast", collection: SMALL_COLLECTION } });
    expect(other.json.data).toHaveLength(SMALL_PASSAGES.length);
  });

  it("leaves nothing that a new collection of the name would find", async ({ expect }) => {
    const { json } = await callWorker(`/v1/admin/collections/${SMALL_COLLECTION}`);
    const body = { encoder_fingerprint: json.encoder_fingerprint, encoder_name: "e", dims: 384, similarity: "cosine" };
    await uploadSmallCollection("", { call: callWorker, name: "reborn" });
    await callWorker("/v1/admin/collections/reborn", { method: "DELETE" });
    await callWorker("/v1/admin/collections/reborn", { method: "PUT", body });
    for (const mode of ["dense", "lexical", "hybrid"]) {
      const found = await callWorker("/v1/retrieve", { body: { query: "coast", collection: "reborn", mode } });
      expect([found.status, found.json.data]).toEqual([200, []]);
    }
  });
});
