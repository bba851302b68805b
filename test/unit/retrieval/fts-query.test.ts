import * as fc from "fast-check";
import { describe, test } from "vitest";
import { buildFtsQuery, MAX_QUERY_TERMS } from "../../../src/retrieval/fts-query.ts";
import { createContentView, createFullTextTable, fullTextTable } from "../../../src/retrieval/full-text-table.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { ftsHostileText } from "../../support/fts-hostile-text.ts";

const database = await openNodeSqliteDatabase(":memory:");
const table = fullTextTable(1);
await database.batch([createContentView(1), createFullTextTable(1)]);

async function search(query: string): Promise<readonly unknown[]> {
  const expression = buildFtsQuery(query);
  const sql = `SELECT rowid FROM ${table} WHERE ${table} MATCH ?1`;
  return expression === undefined ? [] : database.query({ sql, params: [expression] });
}

async function finds(passage: string, query: string): Promise<boolean> {
  await database.query({ sql: `INSERT INTO ${table} (rowid, title, text) VALUES (1, '', ?1)`, params: [passage] });
  const rows = await search(query);
  await database.query({ sql: `INSERT INTO ${table} (${table}) VALUES ('delete-all')` });
  return rows.length === 1;
}

describe("buildFtsQuery", () => {
  test("is never a syntax error", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(ftsHostileText, async (text) => {
        await expect(search(text)).resolves.toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  test("finds a passage by any word of it that is not a stop word", async ({ expect }) => {
    // Scripts whose words unicode61 keeps whole or in adjacent pieces.
    const letter = fc.constantFrom(...Array.from("abcxyzäöüéñßабвгдеёαβγωאבגתアイウ漢字क्षि019"));
    const word = fc.array(letter, { minLength: 1, maxLength: 12 }).map((letters) => letters.join(""));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), fc.nat(), async (words, pick) => {
        const query = words[pick % words.length] ?? "";
        const hasTerm = /[\p{L}\p{N}]/u.test(query);
        expect(await finds(words.join(" "), query)).toBe(hasTerm);
      }),
      { numRuns: 2_000 },
    );
  });

  test.for<[string, string, string | undefined]>([
    ["no text", "", undefined],
    ["no term", " \u200b!?*()\"'\0 ", undefined],
    ["one term", "Coastline", '"coastline"'],
    ["stop words are dropped", "What is the capital of Chad?", '"capital" OR "chad"'],
    ["stop words stay when nothing else remains", "To be or not to be", '"to" OR "be" OR "or" OR "not"'],
    ["a term counts once", "ice Ice ICE", '"ice"'],
    ["operators are words", "cats AND dogs NEAR(x, 2)", '"cats" OR "dogs" OR "near" OR "x" OR "2"'],
    ["punctuation separates", "state-of-the-art C++", '"state" OR "art" OR "c"'],
    ["a NUL separates", "a\0cat", '"cat"'],
    ["a lone surrogate separates", "cat\ud800dog", '"cat" OR "dog"'],
  ])("%s", ([, text, expected], { expect }) => {
    expect(buildFtsQuery(text)).toBe(expected);
  });

  test.for<[string, string, string]>([
    ["endings are stemmed", "the longest coastlines", "coastline"],
    ["diacritics do not matter", "Côte d'Ivoire", "cote"],
    ["nor do they in the query", "Cote d'Ivoire", "côte"],
    ["decomposed equals composed", "cafe\u0301", "café"],
    ["Cyrillic case", "МОСКВА", "москва"],
    ["Devanagari words are phrases of their pieces", "हिन्दी भाषा", "हिन्दी"],
  ])("%s", async ([, passage, query], { expect }) => {
    expect(await finds(passage, query)).toBe(true);
  });

  test("bounds the number of terms", ({ expect }) => {
    const text = Array.from({ length: 10_000 }, (_value, index) => `term${index}`).join(" ");
    expect(buildFtsQuery(text)?.split(" OR ")).toHaveLength(MAX_QUERY_TERMS);
  });
});
