import * as fc from "fast-check";
import { type ExpectStatic, test } from "vitest";
import { deleteDocuments } from "../../../src/ingestion/delete-documents.ts";
import { resumeIngestion } from "../../../src/ingestion/resume-ingestion.ts";
import { fullTextTable } from "../../../src/retrieval/full-text-table.ts";
import { createIngestionWorld, type IngestionWorld, WORLD_COLLECTION } from "../../support/ingestion-world.ts";

/** Documents of one, of several and of many batches; every text of a content names it, so that a mix of two is seen. */
const LENGTHS = [3, 300, 300, 1_500];

function contentOf(id: string, serial: number, length: number): string {
  return Array.from(
    { length },
    (_sentence, index) => `Sentence ${index} of ${id}, content ${serial}, about walruses.`,
  ).join("\n\n");
}

type Action =
  | { readonly do: "send"; readonly id: string; readonly length: number }
  | { readonly do: "delete"; readonly id: string }
  | { readonly do: "deliver"; readonly which: number; readonly twice: boolean }
  | { readonly do: "lose"; readonly which: number };

const idArbitrary = fc.constantFrom("a", "b");
const actionArbitrary: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("send" as const), id: idArbitrary, length: fc.constantFrom(...LENGTHS) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), id: idArbitrary }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("deliver" as const), which: fc.nat(), twice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), which: fc.nat() }) },
);

/** What a document's owner knows: contents that may be live, and whether there has to be one. */
interface Expectation {
  /** Complete texts of contents that were sent, answered or not. */
  readonly possible: Set<string>;
  /** The last one whose sending was answered; undefined after a deletion. */
  promised: string | undefined;
  /** Since the last answered deletion, has a content been live? */
  wasLive: boolean;
  /** A sending or deletion that failed half-way may have taken effect. */
  isOpen: boolean;
}

const joined = async (world: IngestionWorld, id: string): Promise<string> => (await world.texts(id)).join("\n\n");

test("whatever is delivered twice, late, in any order or not at all, and whatever fails on the way: no search sees a part of a document or a gap between two versions, and in the end everything is as sent", async ({
  expect,
}) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(actionArbitrary, { minLength: 5, maxLength: 60 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 15 })),
      fc.integer({ min: 0, max: 3 }),
      async (actions, dice, lag) => {
        const world = await createIngestionWorld();
        const expected = new Map<string, Expectation>();
        const of = (id: string): Expectation => {
          const known = expected.get(id) ?? { possible: new Set(), promised: undefined, wasLive: false, isOpen: false };
          expected.set(id, known);
          return known;
        };
        world.vectorIndex.lag = lag;
        const look = async (): Promise<void> => {
          const rows = await world.database.query({ sql: "SELECT vector_id FROM passages" });
          const invisible = rows.filter((row) => !world.vectorIndex.vectors.has(String(row["vector_id"])));
          expect(invisible, "passages that only words find").toEqual([]);
          for (const [id, expectation] of expected) {
            const text = await joined(world, id);
            if (text === "") {
              expect(expectation.wasLive, `${id} is missing`).toBe(false);
            } else {
              expect([...expectation.possible], `${id} is not a whole content`).toContain(text);
              expectation.wasLive = true;
            }
          }
        };
        // One call in sixteen fails, half of those after they took effect; one in four lets others go first.
        world.fault = async (where) => {
          const roll = dice.next().value;
          for (let turn = 12; turn < roll; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (roll === 0) {
            throw new Error(`outage ${where}`);
          }
        };
        let serial = 0;
        const consumers: Promise<void>[] = [];
        for (const action of actions) {
          // The queue's consumers run beside each other and beside requests.
          const done = act(world, action, { of, serial: (serial += 1) }).catch(() => {
            // The client got an error, as from any service that fails; nothing may be broken by it.
          });
          if (action.do === "deliver") {
            consumers.push(done);
          } else {
            await done;
          }
          await look();
        }
        await Promise.all(consumers);
        await look();
        world.fault = () => undefined;
        await settle(world, look);
        await look();
        for (const [id, { promised, isOpen }] of expected) {
          if (!isOpen) {
            expect(await joined(world, id)).toBe(promised ?? "");
          }
        }
        await expectNothingLeft(world, expect);
      },
    ),
    { numRuns: 40 },
  );
}, 240_000);

async function act(
  world: IngestionWorld,
  action: Action,
  { of, serial }: { of: (id: string) => Expectation; serial: number },
): Promise<void> {
  if (action.do === "send") {
    const content = contentOf(action.id, serial, action.length);
    const expectation = of(action.id);
    expectation.possible.add(content);
    expectation.isOpen = true;
    await world.accept({ id: action.id, content });
    expectation.promised = content;
    expectation.isOpen = false;
  } else if (action.do === "delete") {
    const expectation = of(action.id);
    // From here on it may be gone.
    expectation.wasLive = false;
    expectation.isOpen = true;
    await deleteDocuments(world.dependencies, WORLD_COLLECTION, [action]);
    expectation.promised = undefined;
    expectation.isOpen = false;
  } else if (world.queue.length > 0) {
    const index = action.which % world.queue.length;
    if (action.do === "lose") {
      world.queue.splice(index, 1);
    } else {
      await world.deliver(index, { keep: action.twice });
    }
  }
}

/** The outage ends, time goes by, and what was lost is picked up. */
async function settle(world: IngestionWorld, look: () => Promise<void>): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    while (world.queue.length > 0) {
      await world.deliver();
      await look();
    }
    world.clock.now += 4_000;
    await resumeIngestion(world.dependencies);
  }
  await world.drain();
}

async function expectNothingLeft(world: IngestionWorld, expect: ExpectStatic): Promise<void> {
  // Mutations that are still on their way.
  for (let call = 0; call < 5; call += 1) {
    await world.vectorIndex.getByIds([]);
  }
  expect([...world.contents.keys()]).toEqual([]);
  const rows = await world.database.query({ sql: "SELECT vector_id, document_id FROM passages" });
  expect([...world.vectorIndex.vectors.keys()].toSorted()).toEqual(
    rows.map((row) => String(row["vector_id"])).toSorted(),
  );
  expect(await world.database.query({ sql: "SELECT * FROM staged_passages" })).toEqual([]);
  expect((await world.collection()).passageCount).toBe(rows.length);
  const counts = await world.database.query({
    sql: `SELECT document_id, passage_count FROM documents WHERE passage_count <>
      (SELECT count(*) FROM passages WHERE passages.document_id = documents.document_id)`,
  });
  expect(counts).toEqual([]);
  const live = await world.database.query({
    sql: "SELECT version, embed_tokens FROM document_versions WHERE state = 'live'",
  });
  for (const { version, embed_tokens: tokens } of live) {
    expect(world.metered.get(`key-1 ${String(version)}`), "tokens that were counted").toBe(tokens);
  }
  const states = await world.database.query({
    sql: "SELECT state FROM document_versions WHERE state NOT IN ('live', 'failed')",
  });
  expect(states).toEqual([]);
  const table = fullTextTable(1);
  await world.database.query({ sql: `INSERT INTO ${table} (${table}, rank) VALUES ('integrity-check', 1)` });
}
