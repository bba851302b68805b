import { z } from "zod";
import { VERSION_STATES, type VersionState } from "../ingestion/documents/document.ts";
import type { SqlDatabase } from "../retrieval/sql-database.ts";

/** What the database holds, in numbers. */
export interface Inventory {
  readonly collections: number;
  /** That searches find. Each has a vector. */
  readonly passages: number;
  /** Versions of documents, by state. */
  readonly versions: Readonly<Record<VersionState, number>>;
  /** Passages of versions whose vectors are being written, or deleted, or were a short while ago: there or not. */
  readonly unsettledPassages: number;
}

const totalsSchema = z.object({ collections: z.int(), passages: z.int(), unsettled: z.int() });
const stateSchema = z.object({ state: z.enum(VERSION_STATES), versions: z.int() });

/** Counts, without reading a passage. */
export class InventoryStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async count(): Promise<Inventory> {
    const [totals = [], states = []] = await this.#database.batch([
      {
        sql: `SELECT (SELECT count(*) FROM collections) AS collections,
          (SELECT coalesce(sum(passage_count), 0) FROM collections) AS passages,
          (SELECT coalesce(sum(passage_count), 0) FROM document_versions WHERE written_at IS NOT NULL
            AND (state IN ('encoding', 'publishing', 'retired') OR (state = 'failed' AND swept = 0))) AS unsettled`,
      },
      { sql: "SELECT state, count(*) AS versions FROM document_versions GROUP BY state" },
    ]);
    const { collections, passages, unsettled } = totalsSchema.parse(totals[0]);
    const counted = new Map(
      states.map((row) => stateSchema.parse(row)).map(({ state, versions }) => [state, versions]),
    );
    return {
      collections,
      passages,
      versions: {
        splitting: counted.get("splitting") ?? 0,
        encoding: counted.get("encoding") ?? 0,
        publishing: counted.get("publishing") ?? 0,
        live: counted.get("live") ?? 0,
        failed: counted.get("failed") ?? 0,
        retired: counted.get("retired") ?? 0,
      },
      unsettledPassages: unsettled,
    };
  }
}
