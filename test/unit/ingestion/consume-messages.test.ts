import { describe, test } from "vitest";
import { consumeMessages } from "../../../src/ingestion/consume-messages.ts";
import { createIngestionWorld, giveUp, WORLD_COLLECTION } from "../../support/ingestion-world.ts";

/** Longer than what is split before the answer. */
const LONG = Array.from({ length: 2_000 }, (_line, index) => `Line ${index} about a walrus and its tusks.`).join("\n");

describe("a message", () => {
  test("that fails is tried again later, each time after a longer while, and no other with it", async ({ expect }) => {
    const { dependencies, queue } = await createIngestionWorld().then(async (world) => {
      await world.accept({ id: "a", content: LONG });
      return world;
    });
    const message = queue[0]?.message;
    const outcomes: unknown[] = [];
    const delivery = (body: unknown, attempts: number) => ({
      body,
      attempts,
      ack: () => outcomes.push("ack"),
      retry: ({ delaySeconds }: { delaySeconds: number }) => outcomes.push(delaySeconds),
    });
    const broken = { ...dependencies, encoder: () => Promise.reject(new Error("no model")) };
    await consumeMessages(
      broken,
      [1, 2, 5, 20].map((attempts) => delivery(message, attempts)),
    );
    await consumeMessages(dependencies, [delivery({ type: "sweep", version: 99 }, 1), delivery("nonsense", 1)]);
    expect(outcomes).toEqual([1, 2, 16, 300, "ack", "ack"]);
  });

  test("of a document that is not what it says ends in the document's error, at once", async ({ expect }) => {
    const world = await createIngestionWorld();
    await world.accept({ id: "bad", format: "json", content: `{${LONG}${LONG}` });
    await world.drain();
    const [record] = await world.dependencies.catalog.get(WORLD_COLLECTION, ["bad"]);
    expect(record).toMatchObject({ status: "failed", passageCount: 0, latest: { error: { code: "invalid_request" } } });
    expect(record?.latest?.error?.message).toContain("is not JSON");
    expect(world.contents.size).toBe(0);
  });

  test("that was given up fails its document, of which the version before stays", async ({ expect }) => {
    const world = await createIngestionWorld();
    await world.accept({ id: "a", content: "The first edition." });
    await world.accept({ id: "a", content: LONG });
    const [entry] = world.queue.splice(0);
    await giveUp(world, entry?.message ?? { type: "sweep", version: 0 });
    await world.drain();
    const [record] = await world.dependencies.catalog.get(WORLD_COLLECTION, ["a"]);
    expect(record).toMatchObject({
      status: "failed",
      passageCount: 1,
      latest: { error: { code: "ingestion_failed" } },
    });
    expect(await world.texts("a")).toEqual(["The first edition."]);
    await world.accept({ id: "a", content: LONG });
    await world.drain();
    expect((await world.dependencies.catalog.get(WORLD_COLLECTION, ["a"]))[0]).toMatchObject({ status: "completed" });
  });
});

describe("while the vector index is down", () => {
  test("a small document is in progress, unseen, and there when the index is back", async ({ expect }) => {
    const world = await createIngestionWorld();
    world.vectorIndex.failures = 3;
    const [record] = await world.accept({ id: "a", content: "Seals bark." });
    expect([record?.status, await world.texts("a")]).toEqual(["in_progress", []]);
    await world.drain();
    expect(await world.texts("a")).toEqual(["Seals bark."]);
    expect(world.log[0]).toMatchObject({ step: "inline", cause: expect.stringContaining("outage") });
  });

  test("vectors that it took and never shows fail the document in the end", async ({ expect }) => {
    const world = await createIngestionWorld();
    world.vectorIndex.lag = Infinity;
    await world.accept({ id: "a", content: "Seals bark." });
    for (let delivery = 0; delivery < 100 && world.queue.length > 0; delivery += 1) {
      await world.deliver();
    }
    const failing = world.queue.find(({ attempts }) => attempts > 0);
    expect(failing?.message).toMatchObject({ type: "publish", checks: 60 });
    expect(await world.texts("a")).toEqual([]);
  });
});
