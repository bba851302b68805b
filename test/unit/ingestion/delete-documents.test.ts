import { describe, test } from "vitest";
import { deleteDocuments, deleteMatching } from "../../../src/ingestion/delete-documents.ts";
import { upsertPassages } from "../../../src/ingestion/upsert-passages.ts";
import { createIngestionWorld, type IngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";
import { passageOf } from "../../support/passages.ts";

async function idsOf(world: IngestionWorld): Promise<string[]> {
  const records = await world.dependencies.catalog.list(WORLD_COLLECTION, { limit: 5_000 });
  return records.map(({ id }) => id);
}

/** More than one call deletes, which is a thousand, and a few that stay. */
const [EVEN, ODD] = [1_100, 50];

async function sendMany(world: IngestionWorld): Promise<void> {
  for (let start = 0; start < EVEN + ODD; start += 50) {
    await world.accept(
      ...Array.from({ length: 50 }, (_document, index) => ({
        id: `d${start + index}`,
        content: `Text of document ${start + index}.`,
        metadata: { parity: start + index < EVEN ? "even" : "odd" },
      })),
    );
  }
  await world.drain();
}

describe("deletion by filter", () => {
  test("takes what matches and nothing else, the rest of many by the queue, and none that was sent later", async ({
    expect,
  }) => {
    const world = await createIngestionWorld();
    await sendMany(world);
    const upToVersion = await world.dependencies.catalog.newestVersion();
    const options = { collection: WORLD_COLLECTION, filter: { parity: "even" }, upToVersion };
    await deleteMatching(world.dependencies, options);
    expect(await idsOf(world)).toHaveLength(150);
    expect(world.queue.filter(({ message }) => message.type === "delete")).toHaveLength(1);
    await world.accept({ id: "late", content: "Sent after.", metadata: { parity: "even" } });
    await world.drain();
    const left = await idsOf(world);
    expect(left).toHaveLength(51);
    expect(left.filter((id) => id !== "late").every((id) => Number(id.slice(1)) >= EVEN)).toBe(true);
    expect(world.vectorIndex.vectors.size).toBe(51);
    expect((await world.collection()).passageCount).toBe(51);
  });

  test("takes documents that came as passages with vectors too, by their passages' metadata", async ({ expect }) => {
    const world = await createIngestionWorld();
    const values = [1, ...Array.from({ length: 15 }, () => 0)];
    await upsertPassages(world, {
      collection: WORLD_COLLECTION,
      encoderFingerprint: "f".repeat(64),
      passages: ["odd", "even"].map((parity) => ({ ...passageOf({ id: parity, metadata: { parity } }), values })),
    });
    await deleteMatching(world.dependencies, {
      collection: WORLD_COLLECTION,
      filter: { parity: "odd" },
      upToVersion: 0,
    });
    expect(await idsOf(world)).toEqual(["doc-even"]);
    expect([...world.vectorIndex.vectors.keys()]).toEqual(["c/even"]);
  });
});

test("while the vector index is down a document is gone for every search, and its vectors are when it is back", async ({
  expect,
}) => {
  const world = await createIngestionWorld();
  await world.accept({ content: "Seals bark." });
  world.vectorIndex.failures = 2;
  await deleteDocuments(world.dependencies, WORLD_COLLECTION, [{ id: "d" }]);
  expect([await world.texts("d"), world.vectorIndex.vectors.size]).toEqual([[], 1]);
  await world.drain();
  expect(world.vectorIndex.vectors.size).toBe(0);
});
