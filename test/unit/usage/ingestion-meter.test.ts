import { test } from "vitest";
import { createIngestionMeter } from "../../../src/usage/ingestion-meter.ts";
import type { UsageEnding, UsageSubject } from "../../../src/usage/usage-record.ts";
import { createIngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";

test("a version is one record of the key it came with: its tokens and their price, under an id that is its own", async ({
  expect,
}) => {
  const world = await createIngestionWorld();
  const settled: [string, UsageSubject, UsageEnding][] = [];
  const meter = createIngestionMeter({
    ledgerOf: (keyId) => ({
      settle: (subject, ending) => Promise.resolve(void settled.push([keyId, subject, ending])),
    }),
    prices: () => ({ embedToken: 3 }),
  });
  await world.accept({ content: "Seals sleep under water." });
  const [record] = await world.dependencies.catalog.get(WORLD_COLLECTION, ["d"]);
  const tokens = record?.latest?.embedTokens ?? 0;
  expect([...world.metered]).toEqual([["key-1 1", tokens]]);
  if (record?.latest !== undefined) {
    await meter(record.latest, tokens);
  }
  expect(settled).toMatchObject([
    [
      "key-1",
      { id: "ingestion-1", keyId: "key-1", tenant: "acme", method: "INGEST", path: "/v1/collections/c/documents" },
      { outcome: "completed", counts: { embedTokens: tokens, nanoUsd: tokens * 3, promptTokens: 0 } },
    ],
  ]);
});

test("tokens of a version that was overtaken before it was live are counted too, when it is swept", async ({
  expect,
}) => {
  const world = await createIngestionWorld();
  const long = (edition: number) =>
    Array.from({ length: 300 }, (_line, index) => `Line ${index} of edition ${edition} about walruses.`).join("\n\n");
  await world.accept({ content: long(1) });
  await world.deliver();
  await world.accept({ content: long(2) });
  await world.drain();
  const [overtaken, live] = [world.metered.get("key-1 1") ?? 0, world.metered.get("key-1 2") ?? 0];
  expect(overtaken).toBeGreaterThan(0);
  expect(live).toBeGreaterThan(overtaken);
});
