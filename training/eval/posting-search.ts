import { z } from "zod";
import { queryTerms } from "../../src/retrieval/fts-query.ts";
import { FULL_TEXT_TOKENIZER, fullTextTable, TEXT_WEIGHT, TITLE_WEIGHT } from "../../src/retrieval/full-text-table.ts";
import type { SqlDatabase, SqlStatement } from "../../src/retrieval/sql-database.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import type { ScoredPassage } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import { TopK } from "./top-k.ts";

/** Constants of FTS5's bm25, and the least a term weighs there. */
const K1 = 1.2;
const B = 0.75;
const LEAST_IDF = 1e-6;

/** Where a token occurs, and what each passage gains by it. */
interface Postings {
  readonly rows: Int32Array;
  readonly gains: Float64Array;
}

interface PassageTable {
  /** By row of the table; rows start at 1, so some places are empty. */
  readonly ids: readonly (string | undefined)[];
  /** `k1 * (1 - b + b * length / mean length)` by row. */
  readonly lengthTerms: Float64Array;
  readonly count: number;
}

const keySchema = z.object({ id: z.int() });
const passageSchema = z.object({ id: z.int(), passage_id: z.string(), sz: z.instanceof(Uint8Array) });
const tokenSchema = z.object({ doc: z.int(), term: z.string() });
const idfSchema = z.object({ idf: z.number() });

/**
 * What `SqlPassageStore.searchLexical` finds without a filter, same passages, scores and order, for many queries: FTS5's own
 * bm25 (Robertson and Zaragoza 2009, with FTS5's constants) over postings that are read from its index once a token and kept in
 * typed arrays. FTS5 itself looks up the length of every passage that has a term, and counts each term's passages anew, in every
 * query. Terms that its tokeniser cuts into several tokens (phrases) are left to it.
 */
export class PostingSearch {
  readonly #database: SqlDatabase;
  readonly #collection: string;
  readonly #table: PassageTable;
  readonly #scores: Float64Array;
  readonly #tokens = new Map<string, readonly string[]>();
  readonly #postings = new Map<string, Postings>();

  private constructor(database: SqlDatabase, collection: string, table: PassageTable) {
    this.#database = database;
    this.#collection = collection;
    this.#table = table;
    this.#scores = new Float64Array(table.ids.length);
  }

  /** Over a collection that does not change meanwhile. The connection gets temporary tables: one search for each. */
  static async open(database: SqlDatabase, collection: string): Promise<PostingSearch> {
    const [row] = await database.query({ sql: "SELECT id FROM collections WHERE name = ?1", params: [collection] });
    if (row === undefined) {
      throw new AppError("unknown_collection", `there is no collection "${collection}"`);
    }
    const key = keySchema.parse(row).id;
    const table = await readPassageTable(database, key);
    await database.batch(temporaryTables(key));
    return new PostingSearch(database, collection, table);
  }

  /** The `depth` best passages, best first; of equal scores the one that came in first. */
  async search(query: string, depth: number): Promise<readonly ScoredPassage[]> {
    const terms = await this.#tokenize(queryTerms(query));
    if (terms.some((tokens) => tokens.length > 1)) {
      const store = new SqlPassageStore(this.#database);
      return await store.searchLexical({ collection: this.#collection, query, depth });
    }
    this.#scores.fill(0);
    for (const [token] of terms) {
      if (token !== undefined) {
        this.#add(await this.#postingsOf(token));
      }
    }
    return this.#best(depth);
  }

  #add({ rows, gains }: Postings): void {
    const scores = this.#scores;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      scores[row] = (scores[row] ?? 0) + (gains[at] ?? 0);
    }
  }

  #best(depth: number): ScoredPassage[] {
    const scores = this.#scores;
    const top = new TopK(Math.min(depth, this.#table.count));
    let threshold = top.threshold;
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row] ?? 0;
      if (score > 0 && score >= threshold) {
        top.offer(row, score);
        threshold = top.threshold;
      }
    }
    return top.sorted().map(({ index, score }) => ({ id: this.#table.ids[index] ?? "", score }));
  }

  /** What FTS5's tokeniser makes of each term. */
  async #tokenize(terms: readonly string[]): Promise<(readonly string[])[]> {
    const fresh = terms.filter((term) => !this.#tokens.has(term));
    if (fresh.length > 0) {
      const [, rows = []] = await this.#database.batch([
        {
          sql: "INSERT INTO temp.query_terms (rowid, term) SELECT key, value FROM json_each(?1)",
          params: [JSON.stringify(fresh)],
        },
        { sql: "SELECT doc, term FROM temp.query_tokens" },
        { sql: "DELETE FROM temp.query_terms" },
      ]);
      const byTerm = Map.groupBy(
        rows.map((row) => tokenSchema.parse(row)),
        ({ doc }) => doc,
      );
      for (const [index, term] of fresh.entries()) {
        this.#tokens.set(
          term,
          (byTerm.get(index) ?? []).map((token) => token.term),
        );
      }
    }
    return terms.map((term) => this.#tokens.get(term) ?? []);
  }

  async #postingsOf(token: string): Promise<Postings> {
    const known = this.#postings.get(token);
    if (known !== undefined) {
      return known;
    }
    const occurrences = await this.#database.query({
      sql: "SELECT doc, col FROM temp.postings WHERE term = ?1",
      params: [token],
    });
    const weights = new Map<number, number>();
    for (const { doc, col } of occurrences) {
      const row = Number(doc);
      weights.set(row, (weights.get(row) ?? 0) + (col === "title" ? TITLE_WEIGHT : TEXT_WEIGHT));
    }
    const idf = await this.#idf(weights.size);
    const postings = { rows: Int32Array.from(weights.keys()), gains: new Float64Array(weights.size) };
    for (const [at, row] of postings.rows.entries()) {
      const weight = weights.get(row) ?? 0;
      postings.gains[at] = idf * ((weight * (K1 + 1)) / (weight + (this.#table.lengthTerms[row] ?? 0)));
    }
    this.#postings.set(token, postings);
    return postings;
  }

  /** SQLite's logarithm, not V8's: the last bit of a score decides between passages that are nearly equal. */
  async #idf(passages: number): Promise<number> {
    const { count } = this.#table;
    const [row] = await this.#database.query({
      sql: "SELECT ln((?1 - ?2 + 0.5) / (?2 + 0.5)) AS idf",
      params: [count, passages],
    });
    const { idf } = idfSchema.parse(row);
    return idf <= 0 ? LEAST_IDF : idf;
  }
}

function temporaryTables(key: number): SqlStatement[] {
  return [
    { sql: `CREATE VIRTUAL TABLE temp.postings USING fts5vocab('main', '${fullTextTable(key)}', 'instance')` },
    { sql: `CREATE VIRTUAL TABLE temp.query_terms USING fts5(term, tokenize='${FULL_TEXT_TOKENIZER}')` },
    { sql: "CREATE VIRTUAL TABLE temp.query_tokens USING fts5vocab('temp', 'query_terms', 'instance')" },
  ];
}

async function readPassageTable(database: SqlDatabase, key: number): Promise<PassageTable> {
  const rows = await database.query({
    sql: `SELECT passages.id, passage_id, sz FROM passages
      JOIN ${fullTextTable(key)}_docsize AS lengths ON lengths.id = passages.id ORDER BY passages.id`,
  });
  const passages = rows.map((row) => passageSchema.parse(row));
  const last = passages.at(-1)?.id ?? 0;
  const ids = Array.from<string | undefined>({ length: last + 1 });
  const lengths = new Float64Array(last + 1);
  let total = 0;
  for (const { id, passage_id: passageId, sz } of passages) {
    ids[id] = passageId;
    lengths[id] = sumOfVarints(sz);
    total += lengths[id] ?? 0;
  }
  const mean = total / passages.length;
  return { ids, lengthTerms: lengths.map((length) => K1 * (1 - B + (B * length) / mean)), count: passages.length };
}

/** FTS5 keeps a passage's tokens, column by column, as SQLite's variable-length integers: seven bits a byte, high ones first. */
function sumOfVarints(bytes: Uint8Array): number {
  let sum = 0;
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      sum += value;
      value = 0;
    }
  }
  return sum;
}
