import { test } from "vitest";
import { createIngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";

/** 2 MB, some 3,000 passages. */
function content(): string {
  const lines: string[] = [];
  for (let length = 0, line = 0; length < 2_000_000; line += 1) {
    const text = `Light ${line} at the southern cape has warned ships of rock ${line * 7} for ${line % 300} years.`;
    lines.push(text);
    length += text.length + 2;
  }
  return lines.join("\n\n");
}

test("a document of 2 MB is encoded by one message for 16 passages, and becomes live as a whole", async ({
  expect,
}) => {
  const world = await createIngestionWorld();
  const [accepted] = await world.accept({ id: "big", content: content() });
  expect([accepted?.status, world.queue.map(({ message }) => message.type)]).toEqual(["in_progress", ["split"]]);
  await world.deliver();
  const [record] = await world.dependencies.catalog.get(WORLD_COLLECTION, ["big"]);
  const passages = record?.latest?.passageCount ?? 0;
  expect(passages).toBeGreaterThan(2_000);
  expect(world.queue).toHaveLength(Math.ceil(passages / 16));
  while (world.queue.length > 0) {
    expect((await world.collection()).passageCount).toBe(0);
    await world.deliver();
  }
  expect((await world.collection()).passageCount).toBe(passages);
  expect(world.vectorIndex.vectors.size).toBe(passages);
  // By 500: 1.5 MB at a time.
  expect(Math.max(...world.vectorIndex.batches)).toBe(500);
  expect(await world.database.query({ sql: "SELECT 1 FROM staged_passages" })).toEqual([]);
  const { catalog } = world.dependencies;
  const text = (await catalog.passages(WORLD_COLLECTION, "big", passages)).map((passage) => passage.text).join("\n\n");
  const lights = [...text.matchAll(/^Light (\d+)/gmu)].map(([, number]) => Number(number));
  expect(lights).toEqual(lights.map((_light, index) => index));
  expect(await catalog.passages(WORLD_COLLECTION, "big", 3)).toHaveLength(3);
  expect(await catalog.passages("elsewhere", "big", 3)).toEqual([]);
});
