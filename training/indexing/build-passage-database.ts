import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { CollectionSettings } from "../../src/retrieval/passage-store.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { openNodeSqliteDatabase } from "../artifacts/node-sqlite-database.ts";
import type { Progress, ProgressOptions } from "../progress.ts";

/** Passages of one transaction. */
const PASSAGES_PER_BATCH = 1000;

export interface BuildPassageDatabaseOptions {
  /** SQLite file to write; replaced when it exists. */
  readonly file: string;
  readonly collection: CollectionSettings;
  readonly passages: readonly CorpusPassage[];
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/**
 * Writes a SQLite file with text and full-text index through the Worker's own store: tables and index are those of D1.
 * It appears under its name only when it is complete.
 */
export async function buildPassageDatabase(options: BuildPassageDatabaseOptions): Promise<void> {
  const { file, collection, passages, progress: createProgress, signal } = options;
  const temporary = `${file}.${process.pid}-0.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await removeDatabase(temporary);
  const database = await openNodeSqliteDatabase(temporary);
  const progress = createProgress({ label: "index text", unit: "passages", total: passages.length });
  try {
    const store = new SqlPassageStore(database);
    await store.putCollection(collection);
    for (let start = 0; start < passages.length; start += PASSAGES_PER_BATCH) {
      signal.throwIfAborted();
      const batch = passages.slice(start, start + PASSAGES_PER_BATCH);
      await store.upsertPassages(collection.name, batch);
      progress.advance(batch.length);
    }
    database.close(); // moves the write-ahead log into the file
  } catch (error) {
    database.close();
    await removeDatabase(temporary);
    throw error;
  } finally {
    progress.finish();
  }
  await removeDatabase(file);
  await rename(temporary, file);
}

/** A database with what SQLite keeps beside it: a stale log next to a new file would corrupt it. */
async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(file + suffix)) {
      await rm(file + suffix);
    }
  }
}
