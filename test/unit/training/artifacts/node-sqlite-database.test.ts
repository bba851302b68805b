import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { describe, test } from "vitest";
import { SqlPassageStore } from "../../../../src/retrieval/sql-passage-store.ts";
import { openNodeSqliteDatabase } from "../../../../training/artifacts/node-sqlite-database.ts";
import { collectionSettingsOf, passageOf } from "../../../support/passages.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("openNodeSqliteDatabase", () => {
  test("keeps what was written when opened again", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "text.sqlite");
    const first = await openNodeSqliteDatabase(file);
    const store = new SqlPassageStore(first);
    await store.putCollection(collectionSettingsOf({ name: "c" }));
    await store.upsertPassages("c", [passageOf({ id: "1", text: "walrus" })]);
    first.close();
    const second = await openNodeSqliteDatabase(file);
    expect(
      await new SqlPassageStore(second).searchLexical({ collection: "c", query: "walrus", depth: 5 }),
    ).toHaveLength(1);
    second.close();
  });

  test("waits for another process that writes", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "text.sqlite");
    (await openNodeSqliteDatabase(file)).close();
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const other = new DatabaseSync(${JSON.stringify(file)});
      other.exec("BEGIN IMMEDIATE");
      console.log("locked");
      setTimeout(() => other.exec("COMMIT"), 300);`;
    const child = spawn(process.execPath, ["--no-warnings", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const database = await openNodeSqliteDatabase(file);
    await database.batch([{ sql: "CREATE TABLE notes (text TEXT)" }]);
    expect(await database.query({ sql: "SELECT * FROM notes" })).toEqual([]);
    database.close();
  });

  test("undoes a whole batch when one statement fails, and can go on", async ({ expect }) => {
    const database = await openNodeSqliteDatabase(":memory:");
    const create = { sql: "CREATE TABLE notes (text TEXT NOT NULL)" };
    const write = { sql: "INSERT INTO notes VALUES (?1)", params: ["a"] };
    await database.query(create);
    await expect(database.batch([write, { sql: "INSERT INTO notes VALUES (NULL)" }])).rejects.toThrow("NOT NULL");
    expect(await database.query({ sql: "SELECT * FROM notes" })).toEqual([]);
    await database.batch([write]);
    expect(await database.query({ sql: "SELECT * FROM notes" })).toEqual([{ text: "a" }]);
  });

  test("a transaction never interleaves with another one", async ({ expect }) => {
    const database = await openNodeSqliteDatabase(":memory:");
    await database.query({ sql: "CREATE TABLE notes (text TEXT NOT NULL)" });
    const batchOf = (text: string) =>
      Array.from({ length: 3 }, () => ({ sql: "INSERT INTO notes VALUES (?1)", params: [text] }));
    await Promise.all([database.batch(batchOf("a")), database.batch(batchOf("b"))]);
    const rows = await database.query({ sql: "SELECT text FROM notes ORDER BY rowid" });
    expect(rows.map(({ text }) => text).join("")).toBe("aaabbb");
  });
});
