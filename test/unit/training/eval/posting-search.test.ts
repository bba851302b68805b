import * as fc from "fast-check";
import { describe, it } from "vitest";
import { SqlPassageStore } from "../../../../src/retrieval/sql-passage-store.ts";
import type { Passage } from "../../../../src/retrieval/types.ts";
import { openNodeSqliteDatabase } from "../../../../training/artifacts/node-sqlite-database.ts";
import { PostingSearch } from "../../../../training/eval/posting-search.ts";
import { ftsHostileText } from "../../../support/fts-hostile-text.ts";
import { collectionSettingsOf, passageOf } from "../../../support/passages.ts";

const COLLECTION = "animals";

/** The same passages behind both: the Worker's SQL, and postings. */
async function bothOver(passages: readonly Passage[]) {
  const database = await openNodeSqliteDatabase(":memory:");
  const store = new SqlPassageStore(database);
  await store.putCollection(collectionSettingsOf({ name: COLLECTION }));
  await store.upsertPassages(COLLECTION, passages);
  const index = await PostingSearch.open(database, COLLECTION);
  return {
    store,
    bySql: (query: string, depth: number) => store.searchLexical({ collection: COLLECTION, query, depth }),
    byPostings: (query: string, depth: number) => index.search(query, depth),
  };
}

/** Few words, so that passages share them, tie, and have one in more than half of all. */
const words = fc
  .array(fc.constantFrom("walrus", "walruses", "Otter", "ötter", "ice", "tusk", "the", "and", "नमस्ते", "co-op"), {
    maxLength: 9,
  })
  .map((list) => list.join(" "));
const text = fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: ftsHostileText });

describe("PostingSearch", () => {
  it("finds what the Worker's SQL finds: passages, order, scores", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ title: text, text }), { minLength: 1, maxLength: 30 }),
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 12 }),
        async (contents, queries, depth) => {
          const passages = contents.map((content, index) => passageOf({ id: `p${index}`, ...content }));
          const { bySql, byPostings } = await bothOver(passages);
          for (const query of queries) {
            const expected = await bySql(query, depth);
            const found = await byPostings(query, depth);
            expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
            for (const [rank, { score }] of found.entries()) {
              expect(score).toBeCloseTo(expected[rank]?.score ?? Number.NaN, 12);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("counts with the passages that are there, not with those replaced or deleted before", async ({ expect }) => {
    const database = await openNodeSqliteDatabase(":memory:");
    const store = new SqlPassageStore(database);
    await store.putCollection(collectionSettingsOf({ name: COLLECTION }));
    const passage = (id: string, content: string) => passageOf({ id, text: content });
    await store.upsertPassages(
      COLLECTION,
      ["1", "2", "3", "4"].map((id) => passage(id, `walrus ${id}`)),
    );
    await store.upsertPassages(COLLECTION, [passage("2", "otter and walrus")]);
    await store.deletePassages(COLLECTION, ["1"]);
    const index = await PostingSearch.open(database, COLLECTION);
    const expected = await store.searchLexical({ collection: COLLECTION, query: "walrus 4 otter", depth: 9 });
    expect(expected).toHaveLength(3);
    expect(await index.search("walrus 4 otter", 9)).toEqual(expected);
  });

  it("finds nothing in an empty collection, and refuses an unknown one", async ({ expect }) => {
    const { byPostings } = await bothOver([]);
    expect(await byPostings("walrus", 10)).toEqual([]);
    const database = await openNodeSqliteDatabase(":memory:");
    await expect(PostingSearch.open(database, "none")).rejects.toMatchObject({ code: "unknown_collection" });
  });
});
