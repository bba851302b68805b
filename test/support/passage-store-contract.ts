import { describe, test } from "vitest";
import { fullTextTable } from "../../src/retrieval/full-text-table.ts";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import type { SqlDatabase } from "../../src/retrieval/sql-database.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import { describeLexicalSearch, search, type StoreCollection } from "./lexical-search-contract.ts";
import { collectionSettingsOf, passageOf } from "./passages.ts";

/** What `SqlPassageStore` promises, run on every SQLite it serves on: `node:sqlite` and D1. */
export function describePassageStore(name: string, openDatabase: () => Promise<SqlDatabase>): void {
  let count = 0;

  async function newCollection(): Promise<StoreCollection> {
    const database = await openDatabase();
    const store = new SqlPassageStore(database);
    count += 1;
    const collection = `collection-${count}`;
    await store.putCollection(collectionSettingsOf({ name: collection }));
    return { store, database, collection };
  }

  /** FTS5's own comparison of index and text; throws when they differ. */
  async function checkIntegrity(database: SqlDatabase, collection: string): Promise<void> {
    const [row] = await database.query({ sql: "SELECT id FROM collections WHERE name = ?1", params: [collection] });
    const table = fullTextTable(Number(row?.["id"]));
    await database.query({ sql: `INSERT INTO ${table} (${table}, rank) VALUES ('integrity-check', 1)` });
  }

  describe(`SqlPassageStore on ${name}: text`, () => {
    test("gives passages back as they came, in the order asked, unknown ids left out", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const odd = passageOf({
        id: "b/ü\"'",
        title: "Ünïcode \u{1f600}",
        text: `line\nline "quoted" \\ ${"x".repeat(2_000)}`,
        metadata: { list: ["a"], nested: { n: 1.5 }, flag: true, __proto__x: "y" },
      });
      const plain = passageOf({ id: "a" });
      await store.upsertPassages(collection, [plain, odd]);
      expect(await store.getPassages(collection, [odd.id, "unknown", "a"])).toEqual([odd, plain]);
    });

    test("replaced text is no longer found, the new text is", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [passageOf({ id: "1", title: "Walrus", text: "tusks" })]);
      await store.upsertPassages(collection, [passageOf({ id: "1", title: "Otter", text: "river" })]);
      expect(await search(store, collection, "walrus tusks")).toEqual([]);
      expect(await search(store, collection, "otter")).toEqual(["1"]);
    });

    test("deleted passages are neither found nor given back", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [
        passageOf({ id: "1", text: "walrus" }),
        passageOf({ id: "2", text: "walrus" }),
      ]);
      await store.deletePassages(collection, ["1", "unknown"]);
      expect(await search(store, collection, "walrus")).toEqual(["2"]);
      expect(await store.getPassages(collection, ["1"])).toEqual([]);
      expect((await store.getCollection(collection))?.passageCount).toBe(1);
    });

    test("bm25 after replacing and deleting equals that of a fresh index", async ({ expect }) => {
      const { store, database, collection } = await newCollection();
      const words = ["walrus", "otter", "seal", "river", "ice", "tusk"];
      const text = (seed: number): string =>
        Array.from({ length: 5 + (seed % 7) }, (_word, index) => words[(seed * (index + 3) + index * index) % 6]).join(
          " ",
        );
      const final = Array.from({ length: 30 }, (_passage, index) => passageOf({ id: `${index}`, text: text(index) }));
      await store.upsertPassages(
        collection,
        final.map((passage, index) => ({ ...passage, text: text(index + 17) })),
      );
      await store.upsertPassages(collection, [passageOf({ id: "gone", text: "walrus walrus ice" })]);
      await store.upsertPassages(collection, final);
      await store.deletePassages(collection, ["gone"]);
      await checkIntegrity(database, collection);
      const fresh = await newCollection();
      await fresh.store.upsertPassages(fresh.collection, final);
      const query = { query: "walrus on ice", depth: 30 };
      expect(await store.searchLexical({ collection, ...query })).toEqual(
        await fresh.store.searchLexical({ collection: fresh.collection, ...query }),
      );
    });

    test("of equal ids in one call the last counts", async ({ expect }) => {
      const { store, collection } = await newCollection();
      await store.upsertPassages(collection, [
        passageOf({ id: "1", text: "walrus" }),
        passageOf({ id: "1", text: "otter" }),
      ]);
      expect(await search(store, collection, "walrus")).toEqual([]);
      expect((await store.getCollection(collection))?.passageCount).toBe(1);
    });

    test("takes 500 long passages in one call", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const text = `${"lorem ipsum ".repeat(300)}walrus`;
      await store.upsertPassages(
        collection,
        Array.from({ length: 500 }, (_passage, index) => passageOf({ id: `p${index}`, text })),
      );
      expect((await store.getCollection(collection))?.passageCount).toBe(500);
      expect(await store.searchLexical({ collection, query: "walrus", depth: 100 })).toHaveLength(100);
    });

    test("keeps a document as long as one of its passages", async ({ expect }) => {
      const { store, database, collection } = await newCollection();
      const documents = async (): Promise<unknown[]> => {
        const sql = `SELECT document_id, documents.passage_count FROM documents
          JOIN collections ON collections.id = collection_id WHERE name = ?1 ORDER BY 1`;
        return (await database.query({ sql, params: [collection] })).map((row) => Object.values(row));
      };
      await store.upsertPassages(collection, [
        passageOf({ id: "1", documentId: "x" }),
        passageOf({ id: "2", documentId: "x" }),
        passageOf({ id: "3", documentId: "y" }),
      ]);
      expect(await documents()).toEqual([
        ["x", 2],
        ["y", 1],
      ]);
      await store.upsertPassages(collection, [passageOf({ id: "3", documentId: "x" })]);
      expect(await documents()).toEqual([["x", 3]]);
      await store.deletePassages(collection, ["1", "2", "3"]);
      expect(await documents()).toEqual([]);
    });

    test("resolves vector ids, hashed ones too", async ({ expect }) => {
      const { store, database, collection } = await newCollection();
      const longId = "long".repeat(40);
      await store.upsertPassages(collection, [passageOf({ id: "short" }), passageOf({ id: longId })]);
      const sql = "SELECT vector_id FROM passages WHERE passage_id = ?1";
      const [row] = await database.query({ sql, params: [longId] });
      const hashed = String(row?.["vector_id"]);
      expect(hashed).toMatch(/^[0-9a-f]{64}$/u);
      expect(await store.getPassageIds(collection, [hashed, `${collection}/short`, "unknown"])).toEqual(
        new Map([
          [hashed, longId],
          [`${collection}/short`, "short"],
        ]),
      );
    });
  });

  describeLexicalSearch(name, newCollection);

  describe(`SqlPassageStore on ${name}: collections`, () => {
    test("every write raises the version", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const version = async (): Promise<number> => (await store.getCollection(collection))?.version ?? -1;
      const versions = [await version()];
      await store.upsertPassages(collection, [passageOf({ id: "1" })]);
      versions.push(await version());
      await store.deletePassages(collection, ["1"]);
      versions.push(await version());
      await store.putCollection(collectionSettingsOf({ name: collection }));
      versions.push(await version());
      expect(new Set(versions).size).toBe(4);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    });

    test("an empty collection may change its encoder, a filled one only its fusion", async ({ expect }) => {
      const { store, collection } = await newCollection();
      const other = { name: collection, encoderFingerprint: "e".repeat(64) };
      await store.putCollection(collectionSettingsOf(other));
      await store.upsertPassages(collection, [passageOf({ id: "1" })]);
      await expect(store.putCollection(collectionSettingsOf({ name: collection }))).rejects.toMatchObject({
        code: "fingerprint_mismatch",
        details: { expected: "e".repeat(64), got: "f".repeat(64) },
      });
      const fusion = { method: "convex", weight: 0.25, normalization: "min-max" } as const;
      expect(await store.putCollection(collectionSettingsOf({ ...other, fusion }))).toMatchObject({
        fusion,
        passageCount: 1,
      });
    });

    test("settings without a fusion give a new collection the default, and leave a fitted one as it is", async ({
      expect,
    }) => {
      const { store, collection } = await newCollection();
      const { fusion: _fusion, ...settings } = collectionSettingsOf({ name: collection });
      const fusion = { method: "convex", weight: 0.25, normalization: "min-max" } as const;
      await store.putCollection({ ...settings, fusion });
      expect(await store.putCollection(settings)).toMatchObject({ fusion });
      expect(await store.putCollection({ ...settings, name: `${collection}-new` })).toMatchObject({
        fusion: DEFAULT_FUSION,
      });
    });

    test("an unknown collection is undefined or an error, never empty", async ({ expect }) => {
      const { store } = await newCollection();
      expect(await store.getCollection("nowhere")).toBeUndefined();
      await expect(store.searchLexical({ collection: "nowhere", query: "x", depth: 1 })).rejects.toMatchObject({
        code: "unknown_collection",
      });
    });

    test("a dropped collection takes its full-text table along, and its key is not used again", async ({ expect }) => {
      const { store, database, collection } = await newCollection();
      const keyOf = async (): Promise<number> => {
        const [row] = await database.query({ sql: "SELECT id FROM collections WHERE name = ?1", params: [collection] });
        return Number(row?.["id"]);
      };
      const key = await keyOf();
      await store.upsertPassages(collection, [passageOf({ id: "1", text: "walrus" })]);
      expect(await store.dropEmptyCollection(collection)).toBe(false);
      await store.deletePassages(collection, ["1"]);
      expect(await store.dropEmptyCollection(collection)).toBe(true);
      const tables = { sql: "SELECT name FROM sqlite_master WHERE name LIKE ?1", params: [`${fullTextTable(key)}%`] };
      expect(await database.query(tables)).toEqual([]);
      await store.putCollection(collectionSettingsOf({ name: collection }));
      expect(await keyOf()).toBeGreaterThan(key);
      expect(await search(store, collection, "walrus")).toEqual([]);
    });

    test("a batch with a failing statement changes nothing", async ({ expect }) => {
      const { store, database, collection } = await newCollection();
      const before = await store.getCollection(collection);
      const write = { sql: "UPDATE collections SET version = 99 WHERE name = ?1", params: [collection] };
      await expect(database.batch([write, { sql: "INSERT INTO nowhere VALUES (1)" }])).rejects.toThrow();
      expect(await store.getCollection(collection)).toEqual(before);
    });
  });
}
