import * as fc from "fast-check";
import { describe, test } from "vitest";
import type { PassageStore } from "../../src/retrieval/passage-store.ts";
import type { SqlDatabase } from "../../src/retrieval/sql-database.ts";
import { ftsHostileText } from "./fts-hostile-text.ts";
import { collectionSettingsOf, passageOf } from "./passages.ts";

/** An empty collection of its own, over whatever database there is. */
export interface StoreCollection {
  readonly store: PassageStore;
  readonly database: SqlDatabase;
  readonly collection: string;
}

/** What the lexical search of `SqlPassageStore` promises. */
export function describeLexicalSearch(name: string, newCollection: () => Promise<StoreCollection>): void {
  describe(`SqlPassageStore on ${name}: lexical search`, () => {
    test("ranks by bm25, higher is better, and stops at the depth", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [
        passageOf({ id: "once", text: "an otter among many other animals of the north" }),
        passageOf({ id: "often", text: "otter otter otter" }),
        passageOf({ id: "never", text: "walrus" }),
        ...Array.from({ length: 9 }, (_passage, index) => passageOf({ id: `other${index}`, text: "seal" })),
      ]);
      const run = await store.searchLexical({ collection, query: "Where do otters live?", depth: 10 });
      expect(run.map(({ id }) => id)).toEqual(["often", "once"]);
      expect(run[0]?.score).toBeGreaterThan(run[1]?.score ?? Infinity);
      expect(await store.searchLexical({ collection, query: "otter", depth: 1 })).toHaveLength(1);
    });

    test("one collection's scores do not change when another one grows", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const other = `${collection}-other`;
      await store.putCollection(collectionSettingsOf({ name: other }));
      await store.upsertPassages(collection, [
        passageOf({ id: "1", text: "walrus ice" }),
        passageOf({ id: "2", text: "otter" }),
      ]);
      const before = await store.searchLexical({ collection, query: "walrus", depth: 10 });
      await store.upsertPassages(
        other,
        Array.from({ length: 50 }, (_passage, index) => passageOf({ id: `${index}`, text: "walrus walrus" })),
      );
      expect(await store.searchLexical({ collection, query: "walrus", depth: 10 })).toEqual(before);
      expect(before.map(({ id }) => id)).toEqual(["1"]);
    });

    test("no query is an error", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await fc.assert(
        fc.asyncProperty(ftsHostileText, async (query) => {
          expect(await store.searchLexical({ collection, query, depth: 5 })).toEqual([]);
        }),
        { numRuns: 200 },
      );
    });

    test("a query without a word finds nothing", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [passageOf({ id: "1", text: "walrus" })]);
      expect(await search(store, collection, " ?! ")).toEqual([]);
    });

    test("a filter applies before the depth", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [
        ...Array.from({ length: 20 }, (_passage, index) =>
          passageOf({ id: `${index}`, text: "walrus walrus", metadata: { country: "NO" } }),
        ),
        passageOf({ id: "wanted", text: "a walrus seen once, far away from home", metadata: { country: "IS" } }),
      ]);
      const run = await store.searchLexical({ collection, query: "walrus", depth: 3, filter: { country: "IS" } });
      expect(run.map(({ id }) => id)).toEqual(["wanted"]);
    });

    test("takes a filter of 30 ranges", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const names = Array.from({ length: 30 }, (_name, index) => `k${index}`);
      const metadata = Object.fromEntries(names.map((name) => [name, 1]));
      await store.upsertPassages(collection, [passageOf({ id: "1", text: "walrus", metadata })]);
      const filter = Object.fromEntries(names.map((name) => [name, { $gte: 1, $lt: 2 }]));
      expect(await store.searchLexical({ collection, query: "walrus", depth: 3, filter })).toHaveLength(1);
    });

    test("filters on strings cut to 64 bytes, as the vector index does", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const long = "x".repeat(100);
      await store.upsertPassages(collection, [passageOf({ id: "1", text: "walrus", metadata: { tag: long } })]);
      const found = async (tag: string): Promise<number> =>
        (await store.searchLexical({ collection, query: "walrus", depth: 3, filter: { tag } })).length;
      expect([await found(long), await found("x".repeat(64))]).toEqual([0, 1]);
      expect((await store.getPassages(collection, ["1"]))[0]?.metadata).toEqual({ tag: long });
    });
  });
}

/** Ids, best first. */
export async function search(store: PassageStore, collection: string, query: string): Promise<string[]> {
  return (await store.searchLexical({ collection, query, depth: 10 })).map(({ id }) => id);
}
