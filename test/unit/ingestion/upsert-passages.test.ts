import { describe, test } from "vitest";
import { type EncodedPassage, upsertPassages } from "../../../src/ingestion/upsert-passages.ts";
import { SqlPassageStore } from "../../../src/retrieval/sql-passage-store.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { MemoryVectorIndex, type MemoryVectorIndexOptions } from "../../support/memory-vector-index.ts";
import { collectionSettingsOf, passageOf } from "../../support/passages.ts";

const FINGERPRINT = "f".repeat(64);

async function newWorld(options: MemoryVectorIndexOptions = {}) {
  const store = new SqlPassageStore(await openNodeSqliteDatabase(":memory:"));
  const vectorIndex = new MemoryVectorIndex(options);
  await store.putCollection(collectionSettingsOf({ name: "c", dims: 4, encoderFingerprint: FINGERPRINT }));
  return {
    store,
    vectorIndex,
    upload: (passages: readonly EncodedPassage[], encoderFingerprint = FINGERPRINT) =>
      upsertPassages({ store, vectorIndex }, { collection: "c", encoderFingerprint, passages }),
    stored: async () => (await store.getCollection("c"))?.passageCount,
  };
}

function encoded(passage: Partial<EncodedPassage> & { readonly id: string }): EncodedPassage {
  return { ...passageOf(passage), values: [1, 0, 0, 0], ...passage };
}

describe("upsertPassages", () => {
  test("writes text and vector, and reports the collection after it", async ({ expect }) => {
    const { upload, store, vectorIndex } = await newWorld();
    const outcome = await upload([encoded({ id: "1", text: "walrus", metadata: { country: "NO" } })]);
    expect(outcome).toMatchObject({
      upserted: 1,
      mutationId: "mutation-1",
      collection: { name: "c", passageCount: 1 },
    });
    expect(await store.searchLexical({ collection: "c", query: "walrus", depth: 5 })).toHaveLength(1);
    expect([...vectorIndex.vectors.values()]).toEqual([
      { id: "c/1", values: new Float32Array([1, 0, 0, 0]), namespace: "c", metadata: { country: "NO" } },
    ]);
  });

  test("the same request again changes nothing but the version", async ({ expect }) => {
    const { upload, stored, vectorIndex } = await newWorld();
    const passages = [encoded({ id: "1" }), encoded({ id: "2" })];
    await upload(passages);
    await upload(passages);
    expect([await stored(), vectorIndex.vectors.size]).toEqual([2, 2]);
  });

  test("an outage of the vector index changes nothing, and the retry completes the upload", async ({ expect }) => {
    const { upload, store, stored, vectorIndex } = await newWorld({ failures: 1 });
    const before = await store.getCollection("c");
    await expect(upload([encoded({ id: "1" })])).rejects.toThrow("outage");
    expect(await store.getCollection("c")).toEqual(before);
    await upload([encoded({ id: "1" })]);
    expect([await stored(), vectorIndex.vectors.size]).toEqual([1, 1]);
  });

  test("a full vector index changes nothing, neither new passages nor old ones", async ({ expect }) => {
    const { upload, store, vectorIndex } = await newWorld({ capacity: 1 });
    await upload([encoded({ id: "1", text: "walrus" })]);
    const before = await store.getCollection("c");
    const more = [encoded({ id: "1", text: "changed", values: [0, 1, 0, 0] }), encoded({ id: "2" })];
    await expect(upload(more)).rejects.toMatchObject({ code: "index_full" });
    expect(await store.getCollection("c")).toEqual(before);
    expect((await store.getPassages("c", ["1", "2"])).map(({ text }) => text)).toEqual(["walrus"]);
    expect(vectorIndex.vectors.get("c/1")?.values).toEqual(new Float32Array([1, 0, 0, 0]));
  });

  test("a failure of the store leaves vectors that no passage is found by, and the retry completes it", async ({
    expect,
  }) => {
    const { upload, store, stored, vectorIndex } = await newWorld();
    const write = store.upsertPassages.bind(store);
    store.upsertPassages = () => Promise.reject(new Error("D1_ERROR"));
    await expect(upload([encoded({ id: "1" })])).rejects.toThrow("D1_ERROR");
    expect(await store.getPassages("c", ["1"])).toEqual([]);
    store.upsertPassages = write;
    await upload([encoded({ id: "1" })]);
    expect([await stored(), vectorIndex.vectors.size]).toEqual([1, 1]);
  });

  test("vectors go in batches of at most 1,000", async ({ expect }) => {
    const { upload, vectorIndex } = await newWorld();
    await upload(Array.from({ length: 2_001 }, (_passage, index) => encoded({ id: `${index}` })));
    expect(vectorIndex.batches).toEqual([1_000, 1_000, 1]);
  });

  test("of equal ids the last counts, in both indexes", async ({ expect }) => {
    const { upload, store, vectorIndex } = await newWorld();
    await upload([encoded({ id: "1", text: "first" }), encoded({ id: "1", text: "last", values: [0, 1, 0, 0] })]);
    expect((await store.getPassages("c", ["1"]))[0]?.text).toBe("last");
    expect(vectorIndex.vectors.get("c/1")?.values).toEqual(new Float32Array([0, 1, 0, 0]));
  });

  test("mends what SQLite cannot hold in title and text", async ({ expect }) => {
    const { upload, store } = await newWorld();
    await upload([encoded({ id: "1", title: "a\ud800b", text: "wal\0rus" })]);
    expect((await store.getPassages("c", ["1"]))[0]).toMatchObject({ title: "a\u{fffd}b", text: "wal\u{fffd}rus" });
  });

  test.for<[string, Partial<EncodedPassage>, object]>([
    ["wrong dimensions", { values: [1, 0, 0] }, { code: "dims_mismatch", details: { expected: 4, got: 3 } }],
    ["a zero vector", { values: [0, 0, 0, 0] }, { code: "invalid_request" }],
    ["a value that is not finite", { values: [1, Number.NaN, 0, 0] }, { code: "invalid_request" }],
    ["metadata over 10 KiB", { metadata: { a: "x".repeat(10_300) } }, { code: "vector_limit" }],
    ["a metadata key with a dot", { metadata: { "a.b": 1 } }, { code: "invalid_request" }],
    ["a NUL in the metadata", { metadata: { a: { b: ["x\0"] } } }, { code: "invalid_request" }],
    ["a lone surrogate in the id", { id: "\ud800" }, { code: "invalid_request" }],
  ])("refuses %s and writes nothing of the request", async ([, bad, error], { expect }) => {
    const { upload, stored, vectorIndex } = await newWorld();
    await expect(upload([encoded({ id: "good" }), encoded({ id: "bad", ...bad })])).rejects.toMatchObject(error);
    expect([await stored(), vectorIndex.vectors.size]).toEqual([0, 0]);
  });

  test("names the passage at fault", async ({ expect }) => {
    const { upload } = await newWorld();
    await expect(upload([encoded({ id: "1" }), encoded({ id: "2", values: [1] })])).rejects.toThrow(
      /passages\[1\]\.values/u,
    );
  });

  test("refuses vectors of another encoder", async ({ expect }) => {
    const { upload, stored } = await newWorld();
    await expect(upload([encoded({ id: "1" })], "e".repeat(64))).rejects.toMatchObject({
      code: "fingerprint_mismatch",
      details: { expected: FINGERPRINT, got: "e".repeat(64) },
    });
    expect(await stored()).toBe(0);
  });

  test("refuses an unknown collection", async ({ expect }) => {
    const { store, vectorIndex } = await newWorld();
    const request = { collection: "nowhere", encoderFingerprint: FINGERPRINT, passages: [] };
    await expect(upsertPassages({ store, vectorIndex }, request)).rejects.toMatchObject({ code: "unknown_collection" });
  });
});
