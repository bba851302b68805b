import { test } from "vitest";
import { putCollection } from "../../../src/ingestion/put-collection.ts";
import { SqlPassageStore } from "../../../src/retrieval/sql-passage-store.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { MemoryVectorIndex } from "../../support/memory-vector-index.ts";
import { collectionSettingsOf } from "../../support/passages.ts";

async function newWorld() {
  const store = new SqlPassageStore(await openNodeSqliteDatabase(":memory:"));
  return { store, vectorIndex: new MemoryVectorIndex({ dimensions: 16 }) };
}

test("creates the collection as its settings say", async ({ expect }) => {
  const settings = collectionSettingsOf();
  expect(await putCollection(await newWorld(), settings)).toEqual({
    ...settings,
    id: expect.any(Number) as number,
    version: 0,
    passageCount: 0,
  });
});

test("refuses dimensions that the vector index does not have, and creates nothing", async ({ expect }) => {
  const world = await newWorld();
  await expect(putCollection(world, collectionSettingsOf({ dims: 8 }))).rejects.toMatchObject({
    code: "dims_mismatch",
    details: { expected: 16, got: 8 },
  });
  expect(await world.store.listCollections()).toEqual([]);
});
