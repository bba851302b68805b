import { test } from "vitest";
import { resumeIngestion } from "../../../src/ingestion/resume-ingestion.ts";
import { createIngestionWorld, type IngestionWorld } from "../../support/ingestion-world.ts";

/** Longer than what is split before the answer: its content is kept until it is live. */
const LONG = Array.from({ length: 2_000 }, (_line, index) => `Line ${index} about a walrus and its tusks.`).join("\n");

async function stateOf(world: IngestionWorld): Promise<{ readonly state?: unknown }> {
  const [row = {}] = await world.database.query({ sql: "SELECT state, is_metered FROM document_versions" });
  return row;
}

test.for(["contents", "ledger"])(
  "a version that went live before its message failed at the %s and was lost is counted and tidied up later",
  async (where, { expect }) => {
    const world = await createIngestionWorld();
    await world.accept({ id: "d", content: LONG });
    world.fault = async (at) => {
      if (at === `before ${where}` && (await stateOf(world)).state === "live") {
        throw new Error("outage");
      }
    };
    while (world.queue.every(({ attempts }) => attempts === 0)) {
      await world.deliver();
    }
    expect(await stateOf(world)).toEqual({ state: "live", is_metered: 0 });
    world.queue.splice(0);
    world.fault = () => undefined;
    await resumeIngestion(world.dependencies);
    expect(world.queue, "somebody may still be at it").toEqual([]);
    world.clock.now += 60;
    await resumeIngestion(world.dependencies);
    await world.drain();
    expect(await stateOf(world)).toEqual({ state: "live", is_metered: 1 });
    expect(world.metered.size).toBe(1);
    expect(world.contents.size).toBe(0);
    world.clock.now += 60;
    await resumeIngestion(world.dependencies);
    expect(world.queue, "once it is done").toEqual([]);
  },
);
