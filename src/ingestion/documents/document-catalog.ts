import { compileFilter } from "../../retrieval/filter-sql.ts";
import { parsePassageRow } from "../../retrieval/passage-rows.ts";
import type { SqlDatabase, SqlRow, SqlValue } from "../../retrieval/sql-database.ts";
import type { Passage } from "../../retrieval/types.ts";
import type { VectorFilter } from "../../vector-index/vector-index.ts";
import { parseDocumentRow } from "./document-rows.ts";
import { CANCELLED, type DocumentRecord, type DocumentStatus } from "./document.ts";

export interface ListDocumentsOptions {
  readonly limit: number;
  /** Id of the document that the page before ended with. */
  readonly after?: string | undefined;
  /** The same for a document that may be deleted since, in ascending order. */
  readonly afterPlace?: Pick<DocumentRecord, "id" | "latest"> | undefined;
  /** Newest first. Default false. */
  readonly descending?: boolean;
  readonly status?: DocumentStatus | undefined;
  readonly filter?: VectorFilter | undefined;
  /** Only documents that have a version. Default false. */
  readonly versioned?: boolean;
  /** Only documents whose latest version is not newer than this one. */
  readonly upToVersion?: number | undefined;
}

export interface DocumentCounts {
  readonly inProgress: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of the contents that were sent. */
  readonly bytes: number;
}

/** SQL states of `DocumentStatus`; NULL is that of a document without a version. */
const STATE_CONDITIONS: Readonly<Record<DocumentStatus, string>> = {
  in_progress: "state IN ('splitting', 'encoding', 'publishing')",
  completed: "coalesce(state, 'live') = 'live'",
  failed: `state = 'failed' AND error_code <> '${CANCELLED}'`,
  cancelled: `state = 'failed' AND error_code = '${CANCELLED}'`,
};

const DOCUMENTS = `SELECT own.*, documents.document_id AS id, documents.passage_count AS live_passages,
    documents.latest_version, collections.name AS collection_name,
    coalesce(own.filterable, own.metadata, (SELECT coalesce(filterable, metadata) FROM passages
      WHERE passages.collection_id = documents.collection_id AND passages.document_id = documents.document_id
      LIMIT 1), '{}') AS known_metadata
  FROM documents JOIN collections ON collections.id = documents.collection_id
  LEFT JOIN document_versions AS own ON own.version = documents.latest_version
  WHERE collections.name = ?1`;

/** Documents as their owners see them. Collections are named; whoever asks has been let into them before. */
export class DocumentCatalog {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** In the order of `ids`; unknown ones are left out. */
  async get(collection: string, ids: readonly string[]): Promise<readonly DocumentRecord[]> {
    const rows = await this.#database.query({
      sql: `${DOCUMENTS} AND documents.document_id IN (SELECT value FROM json_each(?2))`,
      params: [collection, JSON.stringify(ids)],
    });
    const records = new Map(rows.map(parseDocumentRow).map((record) => [record.id, record]));
    return ids.flatMap((id) => records.get(id) ?? []);
  }

  /** In the order in which their latest versions were sent. Throws `invalid_filter`. */
  async list(collection: string, options: ListDocumentsOptions): Promise<readonly DocumentRecord[]> {
    return (await this.#select(collection, options)).map(parseDocumentRow);
  }

  /** Passages of a document that searches find, in order; the first `limit` of them. */
  async passages(collection: string, id: string, limit: number): Promise<readonly Passage[]> {
    const rows = await this.#database.query({
      sql: `SELECT passage_id, document_id, title, text, url, metadata FROM passages
        WHERE collection_id = (SELECT id FROM collections WHERE name = ?1) AND document_id = ?2 ORDER BY id LIMIT ?3`,
      params: [collection, id, limit],
    });
    return rows.map(parsePassageRow);
  }

  async count(collection: string): Promise<DocumentCounts> {
    const sum = (condition: string): string => `coalesce(sum(${condition}), 0)`;
    const [row] = await this.#database.query({
      sql: `SELECT ${sum(STATE_CONDITIONS.in_progress)} AS in_progress, ${sum(STATE_CONDITIONS.completed)} AS completed,
          ${sum(STATE_CONDITIONS.failed)} AS failed, ${sum(STATE_CONDITIONS.cancelled)} AS cancelled,
          ${sum("bytes")} AS bytes
        FROM documents LEFT JOIN document_versions AS own ON own.version = documents.latest_version
        WHERE documents.collection_id = (SELECT id FROM collections WHERE name = ?1)`,
      params: [collection],
    });
    const of = (column: string): number => Number(row?.[column] ?? 0);
    return {
      inProgress: of("in_progress"),
      completed: of("completed"),
      failed: of("failed"),
      cancelled: of("cancelled"),
      bytes: of("bytes"),
    };
  }

  /** The newest version there is; what comes later is newer. */
  async newestVersion(): Promise<number> {
    const [row] = await this.#database.query({ sql: "SELECT max(version) AS newest FROM document_versions" });
    return Number(row?.["newest"] ?? 0);
  }

  async #select(
    collection: string,
    {
      limit,
      after,
      afterPlace,
      descending = false,
      status,
      filter,
      versioned = false,
      upToVersion,
    }: ListDocumentsOptions,
  ): Promise<readonly SqlRow[]> {
    const params: SqlValue[] = [collection];
    const bind = (value: SqlValue): string => `?${params.push(value)}`;
    const conditions: string[] = [];
    if (after !== undefined) {
      conditions.push(`(latest_version, id) ${descending ? "<" : ">"} (SELECT latest_version, document_id FROM documents
        WHERE document_id = ${bind(after)} AND collection_id = (SELECT id FROM collections WHERE name = ?1))`);
    }
    if (afterPlace !== undefined) {
      conditions.push(`(latest_version, id) > (${bind(afterPlace.latest?.version ?? 0)}, ${bind(afterPlace.id)})`);
    }
    if (status !== undefined) {
      conditions.push(STATE_CONDITIONS[status]);
    }
    if (versioned) {
      conditions.push("latest_version > 0");
    }
    if (upToVersion !== undefined) {
      conditions.push(`latest_version <= ${bind(upToVersion)}`);
    }
    const limited = bind(limit);
    const compiled = compileFilter(filter, { metadata: "known_metadata", firstParam: params.length + 1 });
    const direction = descending ? "DESC" : "ASC";
    return await this.#database.query({
      sql: `SELECT * FROM (${DOCUMENTS}) WHERE ${[...conditions, compiled.sql].join(" AND ")}
        ORDER BY latest_version ${direction}, id ${direction} LIMIT ${limited}`,
      params: [...params, ...compiled.params],
    });
  }
}
