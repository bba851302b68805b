import { vectorIdOf } from "../ingestion/vector-id.ts";
import { AppError } from "../shared/errors.ts";
import { compileFilter } from "./filter-sql.ts";
import { filterableMetadata } from "./filterable-metadata.ts";
import { buildFtsQuery } from "./fts-query.ts";
import {
  createContentView,
  createFullTextTable,
  dropFullText,
  fullTextTable,
  indexPassages,
  TEXT_WEIGHT,
  TITLE_WEIGHT,
  unindexPassages,
} from "./full-text-table.ts";
import { DEFAULT_FUSION } from "./fusion.ts";
import { parseCollectionRow, parsePassageRow, parseScoredRow, parseIdsRow } from "./passage-rows.ts";
import type { CollectionSettings, LexicalSearch, PassageStore, StoredPassageIds } from "./passage-store.ts";
import type { SqlDatabase, SqlStatement } from "./sql-database.ts";
import type { Collection, Passage, ScoredPassage } from "./types.ts";

/** Passages travel as one JSON parameter; D1 refuses values over 2 MB, and small ones keep its round trips even. */
const MAX_PAYLOAD_CHARACTERS = 250_000;

/** `PassageStore` in SQL. Lists travel as one JSON parameter, so no statement comes near D1's limit of 100 parameters. */
export class SqlPassageStore implements PassageStore {
  readonly #database: SqlDatabase;
  /** Keys of collections seen; every request reads its collection's record first, which refreshes it. */
  readonly #keys = new Map<string, number>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async getCollection(name: string): Promise<Collection | undefined> {
    const [row] = await this.#database.query({ sql: "SELECT * FROM collections WHERE name = ?1", params: [name] });
    if (row === undefined) {
      this.#keys.delete(name);
      return undefined;
    }
    const { id, collection } = parseCollectionRow(row);
    this.#keys.set(name, id);
    return collection;
  }

  async listCollections(): Promise<readonly Collection[]> {
    const rows = await this.#database.query({ sql: "SELECT * FROM collections ORDER BY name" });
    return rows.map((row) => parseCollectionRow(row).collection);
  }

  async putCollection(settings: CollectionSettings): Promise<Collection> {
    const { name, encoderFingerprint, encoderName, dims, similarity, fusion } = settings;
    // One statement, so that two uploads racing cannot change the encoder under passages.
    await this.#database.query({
      sql: `INSERT INTO collections (name, encoder_fingerprint, encoder_name, dims, similarity, fusion)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (name) DO UPDATE SET encoder_fingerprint = ?2, encoder_name = ?3, dims = ?4, similarity = ?5,
          fusion = coalesce(?7, fusion), version = version + 1
        WHERE passage_count = 0 OR (encoder_fingerprint = ?2 AND dims = ?4 AND similarity = ?5)`,
      params: [
        name,
        encoderFingerprint,
        encoderName,
        dims,
        similarity,
        JSON.stringify(fusion ?? DEFAULT_FUSION),
        fusion === undefined ? null : JSON.stringify(fusion),
      ],
    });
    const collection = await this.#require(name);
    if (
      collection.encoderFingerprint !== encoderFingerprint ||
      collection.dims !== dims ||
      collection.similarity !== similarity
    ) {
      throw new AppError(
        "fingerprint_mismatch",
        `collection "${name}" holds ${collection.passageCount} passages of encoder ${collection.encoderName} (${collection.encoderFingerprint}, ${collection.dims} dimensions, ${collection.similarity}), got ${encoderName} (${encoderFingerprint}, ${dims} dimensions, ${similarity}); delete the collection first or upload under another name`,
        { details: { expected: collection.encoderFingerprint, got: encoderFingerprint } },
      );
    }
    const key = await this.#keyOf(name);
    await this.#database.batch([createContentView(key), createFullTextTable(key)]);
    return collection;
  }

  async upsertPassages(collection: string, passages: readonly Passage[]): Promise<void> {
    const key = await this.#keyOf(collection);
    // Of equal ids the last counts; SQLite would refuse to touch a row twice in some forms and depend on order in others.
    const unique = [...new Map(passages.map((passage) => [passage.id, passage])).values()];
    const rows = await Promise.all(unique.map((passage) => toRow(collection, passage)));
    const statements: SqlStatement[] = [];
    for (const chunk of chunkBySize(rows)) {
      const ids = JSON.stringify(chunk.map(({ id }) => id));
      statements.push(
        unindexPassages(key, ids),
        {
          sql: `INSERT INTO passages (collection_id, passage_id, vector_id, document_id, title, text, url, metadata, filterable)
            SELECT ?1, value ->> '$[0]', value ->> '$[1]', value ->> '$[2]', value ->> '$[3]', value ->> '$[4]',
              value ->> '$[5]', value ->> '$[6]', value ->> '$[7]'
            FROM json_each(?2) WHERE true
            ON CONFLICT (collection_id, passage_id) DO UPDATE SET document_id = excluded.document_id,
              title = excluded.title, text = excluded.text, url = excluded.url, metadata = excluded.metadata,
              filterable = excluded.filterable`,
          params: [key, `[${chunk.map(({ json }) => json).join(",")}]`],
        },
        indexPassages(key, ids),
      );
    }
    await this.#database.batch([...statements, raiseVersion(key)]);
  }

  async deletePassages(collection: string, ids: readonly string[]): Promise<void> {
    const key = await this.#keyOf(collection);
    const list = JSON.stringify(ids);
    await this.#database.batch([
      unindexPassages(key, list),
      {
        sql: "DELETE FROM passages WHERE collection_id = ?1 AND passage_id IN (SELECT value FROM json_each(?2))",
        params: [key, list],
      },
      raiseVersion(key),
    ]);
  }

  async getPassages(collection: string, ids: readonly string[]): Promise<readonly Passage[]> {
    if (ids.length === 0) {
      return [];
    }
    const rows = await this.#database.query({
      sql: `SELECT passage_id, document_id, title, text, url, metadata FROM passages
        WHERE collection_id = ?1 AND passage_id IN (SELECT value FROM json_each(?2))`,
      params: [await this.#keyOf(collection), JSON.stringify(ids)],
    });
    const passages = new Map(rows.map(parsePassageRow).map((passage) => [passage.id, passage]));
    return ids.flatMap((id) => passages.get(id) ?? []);
  }

  async getPassageIds(collection: string, vectorIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (vectorIds.length === 0) {
      return new Map();
    }
    const rows = await this.#database.query({
      sql: `SELECT passage_id, vector_id FROM passages
        WHERE vector_id IN (SELECT value FROM json_each(?2)) AND collection_id = ?1`,
      params: [await this.#keyOf(collection), JSON.stringify(vectorIds)],
    });
    return new Map(rows.map(parseIdsRow).map(({ vectorId, passageId }) => [vectorId, passageId]));
  }

  async searchLexical({ collection, query, depth, filter }: LexicalSearch): Promise<readonly ScoredPassage[]> {
    const expression = buildFtsQuery(query);
    if (expression === undefined || depth < 1) {
      return [];
    }
    const table = fullTextTable(await this.#keyOf(collection));
    const condition = compileFilter(filter, {
      metadata: "coalesce(passages.filterable, passages.metadata)",
      firstParam: 4,
    });
    // FTS5 gives small (negative) ranks to good rows.
    const rows = await this.#database.query({
      sql: `SELECT passages.passage_id, -${table}.rank AS score FROM ${table} JOIN passages ON passages.id = ${table}.rowid
        WHERE ${table} MATCH ?1 AND ${table}.rank MATCH ?2 AND ${condition.sql} ORDER BY ${table}.rank LIMIT ?3`,
      params: [expression, `bm25(${TITLE_WEIGHT}, ${TEXT_WEIGHT})`, depth, ...condition.params],
    });
    return rows.map(parseScoredRow);
  }

  async firstUploadedIds(collection: string, limit: number): Promise<readonly StoredPassageIds[]> {
    const rows = await this.#database.query({
      sql: `SELECT passage_id, vector_id FROM passages WHERE collection_id = ?1 AND version IS NULL
        ORDER BY passage_id LIMIT ?2`,
      params: [await this.#keyOf(collection), limit],
    });
    return rows.map(parseIdsRow);
  }

  async uploadedIdsOfDocuments(
    collection: string,
    documentIds: readonly string[],
    limit: number,
  ): Promise<readonly StoredPassageIds[]> {
    const rows = await this.#database.query({
      sql: `SELECT passage_id, vector_id FROM passages
        WHERE collection_id = ?1 AND document_id IN (SELECT value FROM json_each(?2)) AND version IS NULL
        ORDER BY passage_id LIMIT ?3`,
      params: [await this.#keyOf(collection), JSON.stringify(documentIds), limit],
    });
    return rows.map(parseIdsRow);
  }

  async dropEmptyCollection(name: string): Promise<boolean> {
    const key = await this.#keyOf(name);
    await this.#database.query({
      sql: `DELETE FROM collections WHERE id = ?1 AND passage_count = 0
        AND NOT EXISTS (SELECT 1 FROM documents WHERE collection_id = ?1)`,
      params: [key],
    });
    if ((await this.getCollection(name)) !== undefined) {
      return false;
    }
    await this.#database.batch(dropFullText(key));
    return true;
  }

  async #keyOf(name: string): Promise<number> {
    const known = this.#keys.get(name);
    if (known !== undefined) {
      return known;
    }
    await this.#require(name);
    return this.#keyOf(name);
  }

  async #require(name: string): Promise<Collection> {
    const collection = await this.getCollection(name);
    if (collection === undefined) {
      throw new AppError("unknown_collection", `there is no collection "${name}"`, { details: { collection: name } });
    }
    return collection;
  }
}

function raiseVersion(key: number): SqlStatement {
  return { sql: "UPDATE collections SET version = version + 1 WHERE id = ?1", params: [key] };
}

interface PassageRow {
  readonly id: string;
  readonly json: string;
}

async function toRow(collection: string, passage: Passage): Promise<PassageRow> {
  const { id, documentId, title, text, url, metadata } = passage;
  const vectorId = await vectorIdOf(collection, id);
  const filterable = filterableMetadata(metadata);
  const columns = [id, vectorId, documentId, title, text, url, JSON.stringify(metadata), filterable ?? null];
  return { id, json: JSON.stringify(columns) };
}

function* chunkBySize(rows: readonly PassageRow[]): Generator<readonly PassageRow[]> {
  let chunk: PassageRow[] = [];
  let size = 0;
  for (const row of rows) {
    if (chunk.length > 0 && size + row.json.length > MAX_PAYLOAD_CHARACTERS) {
      yield chunk;
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += row.json.length;
  }
  if (chunk.length > 0) {
    yield chunk;
  }
}
