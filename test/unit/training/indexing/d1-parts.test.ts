import { readFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { SqlPassageStore } from "../../../../src/retrieval/sql-passage-store.ts";
import type { CorpusPassage } from "../../../../training/artifacts/beir.ts";
import { openNodeSqliteDatabase } from "../../../../training/artifacts/node-sqlite-database.ts";
import { MAX_STATEMENT_BYTES, writeD1Parts } from "../../../../training/indexing/d1-parts.ts";
import { inlineParameters } from "../../../../training/indexing/sql-recorder.ts";
import { anyText } from "../../../support/any-text.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const COLLECTION = {
  name: "docs",
  encoderFingerprint: "a".repeat(64),
  encoderName: "it's fake",
  dims: 2,
  similarity: "cosine",
  fusion: { method: "convex", weight: 0.5, normalization: "theoretical" },
} as const;

function passage(id: string, text: string): CorpusPassage {
  return { id, documentId: id, title: "", text, url: "https://e.org/?1", metadata: { kind: "a;b" } };
}

describe("SQL for D1", () => {
  it("played into an empty database, gives what the store itself would have written", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const passages = [
      passage("p1", "It's a quote; and a semicolon\nand ?1 and a line\u2028end"),
      passage("p2", "longest coastline — Ünïcode 🌊"),
      ...Array.from({ length: 400 }, (_, index) => passage(`x${index}`, `filler ${index} ${"word ".repeat(100)}`)),
    ];
    const parts = await writeD1Parts({ folder, collection: COLLECTION, collectionId: 7, passages });
    const replayed = await openNodeSqliteDatabase(path.join(folder, "replayed.sqlite"));
    replayed.close();
    const raw = new DatabaseSync(path.join(folder, "replayed.sqlite"));
    for (const { file } of parts) {
      const sql = await readFile(file, "utf8");
      for (const statement of sql.split(/;\n(?=[A-Z]|$)/u)) {
        expect(Buffer.byteLength(statement)).toBeLessThan(MAX_STATEMENT_BYTES);
      }
      raw.exec(sql);
    }
    raw.close();
    const database = await openNodeSqliteDatabase(path.join(folder, "replayed.sqlite"));
    onTestFinished(() => {
      database.close();
    });
    const store = new SqlPassageStore(database);
    expect(await store.getCollection("docs")).toMatchObject({ ...COLLECTION, passageCount: 402 });
    expect(await store.getPassages("docs", ["p2", "p1"])).toEqual([passages[1], passages[0]]);
    expect(await store.searchLexical({ collection: "docs", query: "coastlines", depth: 3 })).toMatchObject([
      { id: "p2" },
    ]);
    expect(
      await database.query({ sql: "SELECT count(*) AS n FROM passages_fts_7 WHERE passages_fts_7 MATCH 'filler'" }),
    ).toEqual([{ n: 400 }]);
  });

  it("refuses a passage that no statement of D1 can hold, and says what to do", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const passages = [passage("small", "x"), passage("large", "x".repeat(MAX_STATEMENT_BYTES))];
    await expect(writeD1Parts({ folder, collection: COLLECTION, collectionId: 1, passages })).rejects.toThrow(
      /passage "large" makes a statement of \d+ bytes, D1 takes 100000; use `aar upload`/u,
    );
  });
});

describe("inlineParameters", () => {
  it("writes any text as a literal that SQLite reads back", async ({ expect, onTestFinished }) => {
    const database = await openNodeSqliteDatabase(":memory:");
    onTestFinished(() => {
      database.close();
    });
    await fc.assert(
      fc.asyncProperty(anyText(), fc.integer(), async (text, number) => {
        const wellFormed = text.toWellFormed().replaceAll("\0", ""); // a statement ends at NUL; JSON never holds one
        const sql = inlineParameters({
          sql: "SELECT ?2 AS n, ?1 AS t, '?1' AS q, NULL IS ?3 AS missing",
          params: [wellFormed, number, null],
        });
        expect(await database.query({ sql })).toEqual([{ n: number, t: wellFormed, q: "?1", missing: 1 }]);
      }),
    );
  });

  it("refuses a parameter that is missing", ({ expect }) => {
    expect(() => inlineParameters({ sql: "SELECT ?2", params: [1] })).toThrow(/parameter \?2 was not given/u);
  });
});
