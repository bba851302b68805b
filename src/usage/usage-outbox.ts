import { z } from "zod";
import type { SyncSql } from "./sync-sql.ts";
import type { UsageRecord } from "./usage-record.ts";

/** Records that one write to the database takes: some 50 kB. */
const BATCH = 100;

/** Ends that are remembered, so that one told again is known. A repetition comes within seconds, after thousands at most. */
const REMEMBERED_ENDS = 5_000;

const rowSchema = z.object({ sequence: z.int(), record: z.string() });

/** Takes records; one that it has had before changes nothing. */
export interface UsageSink {
  insert(records: readonly UsageRecord[]): Promise<void>;
}

/**
 * Records on their way to the database: written with what they count, deleted when the database has them. A crash in between
 * sends them again, and the database knows a record by its id.
 */
export class UsageOutbox {
  readonly #sql: SyncSql;

  constructor(sql: SyncSql) {
    this.#sql = sql;
    sql.run("CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL)");
    sql.run(
      "CREATE TABLE IF NOT EXISTS ended (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lost TEXT)",
    );
  }

  /** Keeps a record for the database, and remembers that its request has ended. */
  put(record: UsageRecord): void {
    const json = JSON.stringify(record);
    this.#sql.run("INSERT INTO outbox (record) VALUES (?)", json);
    this.#sql.run(
      "INSERT INTO ended (id, lost) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET lost = excluded.lost",
      record.id,
      record.outcome === "lost" ? json : null,
    );
    this.#sql.run("DELETE FROM ended WHERE sequence <= (SELECT max(sequence) FROM ended) - ?", REMEMBERED_ENDS);
  }

  /** How a request ended: for good, or lost (then with its record); undefined when it has not. */
  endOf(id: string): "ended" | UsageRecord | undefined {
    const [row] = this.#sql.run("SELECT lost FROM ended WHERE id = ?", id);
    if (row === undefined) {
      return undefined;
    }
    const lost = row["lost"];
    // Written above and nowhere else.
    return typeof lost === "string" ? (JSON.parse(lost) as UsageRecord) : "ended";
  }

  isEmpty(): boolean {
    return this.#sql.run("SELECT 1 FROM outbox LIMIT 1").length === 0;
  }

  /** Hands everything over, oldest first. Throws what the sink throws; what it has taken by then is gone from here. */
  async flush(sink: UsageSink): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      await sink.insert(batch.map(({ record }) => JSON.parse(record) as UsageRecord));
      const last = batch.at(-1)?.sequence ?? 0;
      this.#sql.run("DELETE FROM outbox WHERE sequence <= ?", last);
    }
  }

  #next(): readonly z.infer<typeof rowSchema>[] {
    return this.#sql
      .run("SELECT sequence, record FROM outbox ORDER BY sequence LIMIT ?", BATCH)
      .map((row) => rowSchema.parse(row));
  }
}
