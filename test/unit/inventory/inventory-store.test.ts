import { describe, it } from "vitest";
import { InventoryStore } from "../../../src/inventory/inventory-store.ts";
import { createIngestionWorld } from "../../support/ingestion-world.ts";

describe("InventoryStore", () => {
  it("counts as many passages as there are vectors, when nothing is under way", async ({ expect }) => {
    const world = await createIngestionWorld();
    await world.accept({ id: "a", content: "# One\n\nText.\n\n# Two\n\nText.", format: "markdown" });
    await world.accept({ id: "b", content: "Text." });
    await world.drain();
    const counted = await new InventoryStore(world.database).count();
    expect(counted).toMatchObject({
      collections: 1,
      passages: 3,
      unsettledPassages: 0,
      versions: { live: 2, failed: 0 },
    });
    expect(world.vectorIndex.vectors.size).toBe(3);
  });

  it("counts what may have more vectors than passages as unsettled, at every call of a replacement", async ({
    expect,
  }) => {
    const world = await createIngestionWorld();
    await world.accept({ id: "a", content: "An old text." });
    await world.drain();
    const inventory = new InventoryStore(world.database);
    const seen: boolean[] = [];
    world.fault = async () => {
      const { passages, unsettledPassages } = await inventory.count();
      const { size } = world.vectorIndex.vectors;
      seen.push(passages <= size && size <= passages + unsettledPassages);
    };
    await world.accept({ id: "a", content: "A new text, which is longer." });
    await world.drain();
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.every(Boolean)).toBe(true);
  });
});
