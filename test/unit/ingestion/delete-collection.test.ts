import { describe, test } from "vitest";
import { deleteCollection } from "../../../src/ingestion/delete-collection.ts";
import { putCollection } from "../../../src/ingestion/put-collection.ts";
import { resumeIngestion } from "../../../src/ingestion/resume-ingestion.ts";
import { upsertPassages } from "../../../src/ingestion/upsert-passages.ts";
import { createIngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";
import { collectionSettingsOf, passageOf } from "../../support/passages.ts";

async function newWorld(passages: Readonly<Record<string, number>>) {
  const world = await createIngestionWorld();
  for (const [collection, count] of Object.entries(passages)) {
    const settings = collectionSettingsOf({ name: collection });
    await putCollection(world, settings);
    await upsertPassages(world, {
      collection,
      encoderFingerprint: settings.encoderFingerprint,
      passages: Array.from({ length: count }, (_passage, index) => ({
        ...passageOf({ id: `${index}`, text: "walrus" }),
        values: [1, ...Array.from({ length: 15 }, () => 0)],
      })),
    });
  }
  world.vectorIndex.batches.length = 0;
  return world;
}

describe("deleteCollection", () => {
  test("leaves nothing of it, and everything of the others", async ({ expect }) => {
    const world = await newWorld({ gone: 2_350, kept: 3 });
    expect(await deleteCollection(world.dependencies, "gone")).toBe(2_350);
    expect(await world.store.getCollection("gone")).toBeUndefined();
    expect([...world.vectorIndex.vectors.keys()]).toEqual(["kept/0", "kept/1", "kept/2"]);
    expect(await world.store.searchLexical({ collection: "kept", query: "walrus", depth: 9 })).toHaveLength(3);
  });

  test("asks the vector index for at most 100 deletions at a time", async ({ expect }) => {
    const world = await newWorld({ gone: 250 });
    await deleteCollection(world.dependencies, "gone");
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
    await expect(deleteCollection(world.dependencies, "gone")).rejects.toThrow("outage");
    expect((await world.store.getCollection("gone"))?.passageCount).toBe(500);
    expect(await deleteCollection(world.dependencies, "gone")).toBe(500);
    expect(world.vectorIndex.vectors.size).toBe(0);
  });

  test("takes documents along, live, on their way and failed, with all that is kept of them", async ({ expect }) => {
    const world = await newWorld({ kept: 1 });
    const long = Array.from({ length: 2_000 }, (_line, index) => `Line ${index} about a walrus and its tusks.`).join(
      "\n",
    );
    await world.accept({ id: "live" }, { id: "waiting", content: long });
    expect([world.queue.length > 0, world.contents.size]).toEqual([true, 1]);
    await deleteCollection(world.dependencies, WORLD_COLLECTION);
    world.clock.now += 4_000;
    await resumeIngestion(world.dependencies);
    await world.drain();
    expect(await world.store.getCollection(WORLD_COLLECTION)).toBeUndefined();
    expect([...world.vectorIndex.vectors.keys(), ...world.contents.keys()]).toEqual(["kept/0"]);
    for (const table of ["documents", "document_versions", "staged_passages", "passages"]) {
      const rows = await world.database.query({ sql: `SELECT count(*) AS count FROM ${table}` });
      expect([table, rows[0]?.["count"]]).toEqual([table, ["documents", "passages"].includes(table) ? 1 : 0]);
    }
  });

  test("an unknown collection is an error", async ({ expect }) => {
    await expect(deleteCollection((await newWorld({})).dependencies, "nowhere")).rejects.toMatchObject({
      code: "unknown_collection",
    });
  });
});
