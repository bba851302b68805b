import type { SqlStatement } from "./sql-database.ts";

/**
 * What an occurrence counts in bm25. The title's weight is the best of 1, 1.5, 2 and 3 over the dev splits of four corpora,
 * and on none far from the best.
 */
export const TITLE_WEIGHT = 2;
export const TEXT_WEIGHT = 1;

/** Words without case and accents, by their stems. */
export const FULL_TEXT_TOKENIZER = "porter unicode61 remove_diacritics 2";

/** Full-text index of one collection; the key is the only thing that ever enters an SQL text. */
export function fullTextTable(collectionKey: number): string {
  return `passages_fts_${checked(collectionKey)}`;
}

/** The collection's passages as the index reads them: makes FTS5's `rebuild` and `integrity-check` work. */
function contentView(collectionKey: number): string {
  return `passages_of_${checked(collectionKey)}`;
}

function checked(collectionKey: number): number {
  if (!Number.isSafeInteger(collectionKey) || collectionKey < 1) {
    throw new RangeError(`the key of a collection must be a positive integer, got ${collectionKey}`);
  }
  return collectionKey;
}

export function createContentView(collectionKey: number): SqlStatement {
  return {
    sql: `CREATE VIEW IF NOT EXISTS ${contentView(collectionKey)} AS
      SELECT id, title, text FROM passages WHERE collection_id = ${collectionKey}`,
  };
}

/**
 * External content: the text is stored once, in `passages`. Not FTS5's `contentless_delete`, whose deletions leave the
 * counts that bm25 divides by (passages, their lengths) as they were: scores would drift with every replaced passage.
 */
export function createFullTextTable(collectionKey: number): SqlStatement {
  return {
    sql: `CREATE VIRTUAL TABLE IF NOT EXISTS ${fullTextTable(collectionKey)} USING fts5(title, text,
      content='${contentView(collectionKey)}', content_rowid='id', tokenize='${FULL_TEXT_TOKENIZER}')`,
  };
}

export function dropFullText(collectionKey: number): readonly SqlStatement[] {
  return [
    { sql: `DROP TABLE IF EXISTS ${fullTextTable(collectionKey)}` },
    { sql: `DROP VIEW IF EXISTS ${contentView(collectionKey)}` },
  ];
}

/** Adds passages to the index; has to run in the transaction that writes them. `passageIds` is a JSON array. */
export function indexPassages(collectionKey: number, passageIds: string): SqlStatement {
  return {
    sql: `INSERT INTO ${fullTextTable(collectionKey)} (rowid, title, text)
      SELECT id, title, text FROM passages
      WHERE collection_id = ?1 AND passage_id IN (SELECT value FROM json_each(?2))`,
    params: [collectionKey, passageIds],
  };
}

/**
 * Takes passages out of the index; has to run before they are changed or deleted, in the same transaction: FTS5 finds the
 * entries to remove by reading the text that was indexed.
 */
export function unindexPassages(collectionKey: number, passageIds: string): SqlStatement {
  return {
    sql: `DELETE FROM ${fullTextTable(collectionKey)} WHERE rowid IN (
      SELECT id FROM passages WHERE collection_id = ?1 AND passage_id IN (SELECT value FROM json_each(?2)))`,
    params: [collectionKey, passageIds],
  };
}
