import { readdir, readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../src/retrieval/sql-database.ts";
import { AppError } from "../../src/shared/errors.ts";

const MIGRATIONS = new URL("../../src/platform/migrations/", import.meta.url);
/** First release whose `node:sqlite` needs no flag and whose SQLite has FTS5 and contentless-delete tables. */
const MINIMUM_NODE_MAJOR = 24;

/** Milliseconds to wait for another process that writes: experiments side by side share cached full-text indexes. */
const BUSY_TIMEOUT = 60_000;

export interface NodeSqliteDatabase extends SqlDatabase {
  close(): void;
}

/**
 * Opens (creates) a SQLite file, or `:memory:`, with the Worker's own migrations applied.
 * Throws `configuration_invalid` when this Node is too old.
 */
export async function openNodeSqliteDatabase(path: string): Promise<NodeSqliteDatabase> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < MINIMUM_NODE_MAJOR) {
    throw new AppError(
      "configuration_invalid",
      `Node ${process.versions.node} has no usable node:sqlite, ${MINIMUM_NODE_MAJOR} or newer is needed; run it by an npm script, which uses the project's own Node`,
    );
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  await applyMigrations(database);
  return wrap(database);
}

function wrap(database: DatabaseSync): NodeSqliteDatabase {
  const run = ({ sql, params = [] }: SqlStatement): SqlRow[] => database.prepare(sql).all(...params);
  return {
    async query(statement) {
      return run(statement);
    },
    async batch(statements) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const rows = statements.map(run);
        database.exec("COMMIT");
        return rows;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      database.close();
    },
  };
}

/** Keeps its own record in `user_version`; wrangler keeps D1's in a table of its own. */
async function applyMigrations(database: DatabaseSync): Promise<void> {
  const applied = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  for (const [index, sql] of (await readMigrations()).entries()) {
    if (index >= applied) {
      database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
    }
  }
}

let migrations: Promise<readonly string[]> | undefined;

/** Read once: they are part of the program. */
function readMigrations(): Promise<readonly string[]> {
  migrations ??= (async () => {
    const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();
    return await Promise.all(files.map((file) => readFile(new URL(file, MIGRATIONS), "utf8")));
  })();
  return migrations;
}
