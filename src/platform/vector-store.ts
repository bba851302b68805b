import type { MetadataIndex, MetadataIndexType } from "../vector-index/metadata.ts";
import type { QuantizedRow } from "../vector-index/quantize.ts";
import type { AcceptedVector } from "../vector-index/vector-input.ts";

/**
 * `vectors` is read in slot order when the object wakes up, so what the memory image needs comes first in the row and the
 * float32 values, needed for a few rescored rows only, live in a table of their own.
 * `indexed` holds what metadata indexes saw when the vector was written, by index number: an index made later, or made again,
 * has another number and does not see it.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS metadata_indexes (number INTEGER PRIMARY KEY AUTOINCREMENT, property TEXT NOT NULL UNIQUE, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS namespaces (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS vectors (
    slot INTEGER PRIMARY KEY, codes BLOB NOT NULL, scale REAL NOT NULL, norm REAL NOT NULL, residual REAL NOT NULL,
    namespace INTEGER NOT NULL, indexed TEXT, id TEXT NOT NULL UNIQUE, metadata TEXT
  );
  CREATE TABLE IF NOT EXISTS vector_values (slot INTEGER PRIMARY KEY, f32 BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS mutations (sequence INTEGER PRIMARY KEY AUTOINCREMENT, mutation_id TEXT NOT NULL, kind TEXT NOT NULL, visible_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS mutation_vectors (
    sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL, id TEXT NOT NULL, namespace TEXT, metadata TEXT, indexed TEXT, f32 BLOB,
    PRIMARY KEY (sequence, ordinal)
  ) WITHOUT ROWID;
`;

/** The vectors' namespace that is not one. */
export const NO_NAMESPACE = 0;

export interface NumberedMetadataIndex extends MetadataIndex {
  readonly number: number;
}

/** A vector with what the metadata indexes of its time saw of it. */
export interface IndexedVector extends AcceptedVector {
  /** JSON by index number, or null when no index saw anything. */
  readonly indexed: string | null;
}

export interface StoredRow extends QuantizedRow {
  readonly slot: number;
  readonly namespace: number;
  readonly indexed: string | null;
}

export interface StoredRecord {
  readonly slot: number;
  readonly id: string;
  readonly namespace: string | null;
  readonly metadata: string | null;
  readonly indexed: string | null;
}

export type MutationKind = "insert" | "upsert" | "delete";

export interface PendingMutation {
  readonly sequence: number;
  readonly mutationId: string;
  readonly kind: MutationKind;
  readonly visibleAt: number;
}

/** The embedded index's SQL, and nothing else: no rules, no memory. */
export class VectorStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  readState(key: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM state WHERE key = ?", key);
    return row?.value;
  }

  writeState(key: string, value: string): void {
    this.#sql.exec(
      "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  metadataIndexes(): NumberedMetadataIndex[] {
    const rows = this.#sql.exec<{ number: number; property: string; type: MetadataIndexType }>(
      "SELECT number, property, type FROM metadata_indexes ORDER BY number",
    );
    return [...rows].map(({ number, property, type }) => ({ number, propertyName: property, indexType: type }));
  }

  addMetadataIndex({ propertyName, indexType }: MetadataIndex): void {
    this.#sql.exec("INSERT INTO metadata_indexes (property, type) VALUES (?, ?)", propertyName, indexType);
  }

  deleteMetadataIndex(propertyName: string): void {
    this.#sql.exec("DELETE FROM metadata_indexes WHERE property = ?", propertyName);
  }

  namespaces(): Map<string, number> {
    const rows = this.#sql.exec<{ name: string; number: number }>("SELECT name, number FROM namespaces");
    return new Map([...rows].map(({ name, number }) => [name, number]));
  }

  addNamespace(name: string): number {
    return this.#sql.exec<{ number: number }>("INSERT INTO namespaces (name) VALUES (?) RETURNING number", name).one()
      .number;
  }

  deleteNamespace(number: number): void {
    this.#sql.exec("DELETE FROM namespaces WHERE number = ?", number);
  }

  /** Everything the memory image holds, streamed in slot order. */
  *rows(): Generator<StoredRow> {
    const cursor = this.#sql.exec<{
      slot: number;
      codes: ArrayBuffer;
      scale: number;
      norm: number;
      residual: number;
      namespace: number;
      indexed: string | null;
    }>("SELECT slot, codes, scale, norm, residual, namespace, indexed FROM vectors ORDER BY slot");
    for (const { codes, ...row } of cursor) {
      yield { ...row, codes: new Int8Array(codes) };
    }
  }

  vectorCount(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM vectors").one().count;
  }

  /** Slots of those ids that hold a vector. */
  slotsOf(ids: readonly string[]): Map<string, number> {
    const rows = this.#sql.exec<{ id: string; slot: number }>(
      "SELECT id, slot FROM vectors WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
    return new Map([...rows].map(({ id, slot }) => [id, slot]));
  }

  writeVector(slot: number, vector: IndexedVector, row: QuantizedRow & { readonly namespace: number }): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      slot,
      bytesOf(row.codes),
      row.scale,
      row.norm,
      row.residual,
      row.namespace,
      vector.indexed,
      vector.id,
      vector.metadata,
    );
    this.#sql.exec("INSERT OR REPLACE INTO vector_values VALUES (?, ?)", slot, bytesOf(vector.values));
  }

  deleteVector(slot: number): void {
    this.#sql.exec("DELETE FROM vectors WHERE slot = ?", slot);
    this.#sql.exec("DELETE FROM vector_values WHERE slot = ?", slot);
  }

  *readVectors(slots: readonly number[]): Generator<readonly [slot: number, values: Float32Array]> {
    const cursor = this.#sql.exec<{ slot: number; f32: ArrayBuffer }>(
      "SELECT slot, f32 FROM json_each(?) JOIN vector_values ON slot = value",
      JSON.stringify(slots),
    );
    for (const { slot, f32 } of cursor) {
      yield [slot, new Float32Array(f32)];
    }
  }

  recordsBySlot(slots: readonly number[]): Map<number, StoredRecord> {
    return new Map([...this.#records("slot", slots)].map((record) => [record.slot, record]));
  }

  recordsById(ids: readonly string[]): Map<string, StoredRecord> {
    return new Map([...this.#records("id", ids)].map((record) => [record.id, record]));
  }

  #records(
    column: "slot" | "id",
    keys: readonly (number | string)[],
  ): SqlStorageCursor<StoredRecord & Record<string, SqlStorageValue>> {
    return this.#sql.exec(
      `SELECT slot, id, name AS namespace, metadata, indexed FROM vectors LEFT JOIN namespaces ON number = namespace
       WHERE ${column} IN (SELECT value FROM json_each(?))`,
      JSON.stringify(keys),
    );
  }

  idsAfter(id: string, count: number): string[] {
    const rows = this.#sql.exec<{ id: string }>("SELECT id FROM vectors WHERE id > ? ORDER BY id LIMIT ?", id, count);
    return [...rows].map((row) => row.id);
  }

  pendingMutations(): PendingMutation[] {
    const rows = this.#sql.exec<{ sequence: number; mutation_id: string; kind: MutationKind; visible_at: number }>(
      "SELECT sequence, mutation_id, kind, visible_at FROM mutations ORDER BY sequence",
    );
    return [...rows].map(({ sequence, mutation_id, kind, visible_at }) => ({
      sequence,
      mutationId: mutation_id,
      kind,
      visibleAt: visible_at,
    }));
  }

  /** Keeps a mutation until it becomes visible. `vectors` of a delete have ids only. */
  addPending(
    mutation: Omit<PendingMutation, "sequence">,
    vectors: readonly (IndexedVector | Pick<IndexedVector, "id">)[],
  ): void {
    const { sequence } = this.#sql
      .exec<{ sequence: number }>(
        "INSERT INTO mutations (mutation_id, kind, visible_at) VALUES (?, ?, ?) RETURNING sequence",
        mutation.mutationId,
        mutation.kind,
        mutation.visibleAt,
      )
      .one();
    for (const [ordinal, vector] of vectors.entries()) {
      const { namespace, metadata, indexed, f32 } =
        "values" in vector
          ? { ...vector, f32: bytesOf(vector.values) }
          : { namespace: null, metadata: null, indexed: null, f32: null };
      this.#sql.exec(
        "INSERT INTO mutation_vectors VALUES (?, ?, ?, ?, ?, ?, ?)",
        sequence,
        ordinal,
        vector.id,
        namespace,
        metadata,
        indexed,
        f32,
      );
    }
  }

  pendingVectors(sequence: number): IndexedVector[] {
    const rows = this.#sql.exec<{
      id: string;
      namespace: string | null;
      metadata: string | null;
      indexed: string | null;
      f32: ArrayBuffer | null;
    }>(
      "SELECT id, namespace, metadata, indexed, f32 FROM mutation_vectors WHERE sequence = ? ORDER BY ordinal",
      sequence,
    );
    return [...rows].map(({ f32, ...vector }) => ({ ...vector, values: new Float32Array(f32 ?? new ArrayBuffer(0)) }));
  }

  /** Vectors waiting to be written. */
  pendingVectorCount(): number {
    return this.#sql
      .exec<{ count: number }>("SELECT count(*) AS count FROM mutation_vectors WHERE f32 IS NOT NULL")
      .one().count;
  }

  deletePending(sequence: number): void {
    this.#sql.exec("DELETE FROM mutation_vectors WHERE sequence = ?", sequence);
    this.#sql.exec("DELETE FROM mutations WHERE sequence = ?", sequence);
  }
}

/** SQLite binds ArrayBuffers; a view may cover only a part of its own. */
function bytesOf(view: Int8Array | Float32Array): ArrayBuffer {
  return view.slice().buffer;
}
