import { describe, test } from "vitest";
import { deleteDocuments } from "../../../src/ingestion/delete-documents.ts";
import { resumeIngestion } from "../../../src/ingestion/resume-ingestion.ts";
import { createIngestionWorld, type IngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";

/** Long enough for the queue: two batches to encode. */
function contentOf(serial: number): string {
  return Array.from({ length: 300 }, (_line, index) => `Line ${index} of content ${serial} about walruses.`).join(
    "\n\n",
  );
}

/** Content 0 is live, content 1 stands before its last step. */
async function beforePublishing(): Promise<IngestionWorld> {
  const world = await createIngestionWorld();
  await world.accept({ content: contentOf(0) });
  await world.drain();
  await world.accept({ content: contentOf(1) });
  while (world.queue[0]?.message.type !== "publish") {
    await world.deliver();
  }
  return world;
}

/** Runs `meanwhile` at the call number `at` of the publishing, which goes on when that is done. False: there is no such call. */
async function interrupt(world: IngestionWorld, at: number, meanwhile: () => Promise<unknown>): Promise<boolean> {
  let calls = 0;
  world.fault = async () => {
    calls += 1;
    if (calls === at) {
      await meanwhile();
    }
  };
  await world.deliver();
  world.fault = () => undefined;
  return calls >= at;
}

async function textOf(world: IngestionWorld): Promise<string> {
  return (await world.texts("d")).join("\n\n");
}

async function vectorsFit(world: IngestionWorld): Promise<boolean> {
  const rows = await world.database.query({ sql: "SELECT vector_id FROM passages" });
  const expected = rows.map((row) => String(row["vector_id"])).toSorted();
  return [...world.vectorIndex.vectors.keys()].toSorted().join() === expected.join();
}

/** Time goes by, and what nobody was there to sweep is swept. */
async function settle(world: IngestionWorld): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await world.drain();
    world.clock.now += 4_000;
    await resumeIngestion(world.dependencies);
  }
  await world.drain();
}

describe("at whatever moment of its publishing a version", () => {
  test("is overtaken by a newer one, the document is there all the time, whole, and ends as the newer one", async ({
    expect,
  }) => {
    const whole = [contentOf(0), contentOf(1)];
    let at = 0;
    for (let world = await beforePublishing(); ; world = await beforePublishing()) {
      at += 1;
      const { fault } = world;
      const isInterrupted = await interrupt(world, at, async () => {
        world.fault = fault;
        await world.accept({ content: contentOf(2) });
        expect(whole, `call ${at}`).toContain(await textOf(world));
      });
      expect(whole, `after call ${at}`).toContain(await textOf(world));
      await settle(world);
      expect(await textOf(world), `call ${at}`).toBe(contentOf(isInterrupted ? 2 : 1));
      expect(await vectorsFit(world), `vectors, call ${at}`).toBe(true);
      if (!isInterrupted) {
        break;
      }
    }
    expect(at).toBeGreaterThan(20);
  });

  test("is deleted, it does not come back, nor do its vectors", async ({ expect }) => {
    let at = 0;
    for (let world = await beforePublishing(); ; world = await beforePublishing()) {
      at += 1;
      const { fault } = world;
      const isInterrupted = await interrupt(world, at, async () => {
        world.fault = fault;
        await deleteDocuments(world.dependencies, WORLD_COLLECTION, [{ id: "d" }]);
      });
      if (!isInterrupted) {
        break;
      }
      expect(await textOf(world), `call ${at}`).toBe("");
      await settle(world);
      expect(await textOf(world), `call ${at}`).toBe("");
      expect([...world.vectorIndex.vectors.keys()], `call ${at}`).toEqual([]);
      expect(await world.database.query({ sql: "SELECT * FROM document_versions" })).toEqual([]);
    }
  });

  test("is cut off, the next delivery completes it", async ({ expect }) => {
    let at = 0;
    for (let world = await beforePublishing(); ; world = await beforePublishing()) {
      at += 1;
      const isInterrupted = await interrupt(world, at, () => Promise.reject(new Error("the Worker is gone")));
      expect([contentOf(0), contentOf(1)]).toContain(await textOf(world));
      await world.drain();
      expect(await textOf(world), `call ${at}`).toBe(contentOf(1));
      expect((await world.collection()).passageCount).toBe((await world.texts("d")).length);
      if (!isInterrupted) {
        break;
      }
    }
  });
});
