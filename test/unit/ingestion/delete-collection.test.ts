import { describe, test } from "vitest";
import { deleteCollection } from "../../../src/ingestion/delete-collection.ts";
import { putCollection } from "../../../src/ingestion/put-collection.ts";
import { upsertPassages } from "../../../src/ingestion/upsert-passages.ts";
import { SqlPassageStore } from "../../../src/retrieval/sql-passage-store.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { MemoryVectorIndex } from "../../support/memory-vector-index.ts";
import { collectionSettingsOf, passageOf } from "../../support/passages.ts";

async function newWorld(passages: Readonly<Record<string, number>>) {
  const dependencies = {
    store: new SqlPassageStore(await openNodeSqliteDatabase(":memory:")),
    vectorIndex: new MemoryVectorIndex(),
  };
  for (const [collection, count] of Object.entries(passages)) {
    const settings = collectionSettingsOf({ name: collection, dims: 4 });
    await putCollection(dependencies, settings);
    await upsertPassages(dependencies, {
      collection,
      encoderFingerprint: settings.encoderFingerprint,
      passages: Array.from({ length: count }, (_passage, index) => ({
        ...passageOf({ id: `${index}`, text: "walrus" }),
        values: [1, 0, 0, 0],
      })),
    });
  }
  dependencies.vectorIndex.batches.length = 0;
  return dependencies;
}

describe("deleteCollection", () => {
  test("leaves nothing of it, and everything of the others", async ({ expect }) => {
    const world = await newWorld({ gone: 2_350, kept: 3 });
    expect(await deleteCollection(world, "gone")).toBe(2_350);
    expect(await world.store.getCollection("gone")).toBeUndefined();
    expect([...world.vectorIndex.vectors.keys()]).toEqual(["kept/0", "kept/1", "kept/2"]);
    expect(await world.store.searchLexical({ collection: "kept", query: "walrus", depth: 9 })).toHaveLength(3);
  });

  test("asks the vector index for at most 100 deletions at a time", async ({ expect }) => {
    const world = await newWorld({ gone: 250 });
    await deleteCollection(world, "gone");
    expect(world.vectorIndex.batches).toEqual([100, 100, 50]);
  });

  test("an interrupted deletion is completed by the next one", async ({ expect }) => {
    const world = await newWorld({ gone: 1_500 });
    const remove = world.vectorIndex.deleteByIds.bind(world.vectorIndex);
    let calls = 0;
    world.vectorIndex.deleteByIds = (ids) => {
      calls += 1;
      return calls === 13 ? Promise.reject(new Error("outage")) : remove(ids);
    };
    await expect(deleteCollection(world, "gone")).rejects.toThrow("outage");
    expect((await world.store.getCollection("gone"))?.passageCount).toBe(500);
    expect(await deleteCollection(world, "gone")).toBe(500);
    expect(world.vectorIndex.vectors.size).toBe(0);
  });

  test("an unknown collection is an error", async ({ expect }) => {
    await expect(deleteCollection(await newWorld({}), "nowhere")).rejects.toMatchObject({ code: "unknown_collection" });
  });
});
