import { z } from "zod";
import type { SqlDatabase } from "../retrieval/sql-database.ts";
import type { Feedback, FeedbackStore, StoredFeedback } from "./feedback-store.ts";

const passagesSchema = z.array(
  z.object({ id: z.string(), grade: z.number().optional(), cited: z.boolean().optional() }),
);
const answerSchema = z.object({ rating: z.enum(["up", "down"]).optional(), text: z.string().optional() });

const rowSchema = z.object({
  id: z.int(),
  created_at: z.int(),
  request_id: z.string().nullable(),
  query: z.string(),
  model: z.string().nullable(),
  passages: z.string(),
  answer: z.string(),
});

const COLLECTION_ID = "(SELECT id FROM collections WHERE name = ?1)";

export interface SqlFeedbackStoreOptions {
  readonly database: SqlDatabase;
  /** Unix seconds. */
  readonly unixNow: () => number;
}

/** `FeedbackStore` in SQL. */
export function createSqlFeedbackStore({ database, unixNow }: SqlFeedbackStoreOptions): FeedbackStore {
  return {
    async add(collection, { query, requestId, model, passages, answer }: Feedback) {
      const [row] = await database.query({
        sql: `INSERT INTO feedback (collection_id, created_at, request_id, query, model, passages, answer)
          VALUES (${COLLECTION_ID}, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id`,
        params: [
          collection,
          unixNow(),
          requestId ?? null,
          query,
          model ?? null,
          JSON.stringify(passages),
          JSON.stringify(answer),
        ],
      });
      return z.object({ id: z.int() }).parse(row).id;
    },

    async list(collection, { after, limit }) {
      const rows = await database.query({
        sql: `SELECT id, created_at, request_id, query, model, passages, answer FROM feedback
          WHERE collection_id = ${COLLECTION_ID} AND id > ?2 ORDER BY id LIMIT ?3`,
        params: [collection, after, limit],
      });
      return rows.map((row) => toFeedback(rowSchema.parse(row)));
    },
  };
}

function toFeedback(row: z.output<typeof rowSchema>): StoredFeedback {
  const { id, created_at: createdAt, request_id: requestId, query, model } = row;
  return {
    id,
    createdAt,
    query,
    ...(requestId === null ? {} : { requestId }),
    ...(model === null ? {} : { model }),
    // `undefined` of an optional field never comes out of JSON.
    passages: passagesSchema.parse(JSON.parse(row.passages)) as StoredFeedback["passages"],
    answer: answerSchema.parse(JSON.parse(row.answer)) as StoredFeedback["answer"],
  };
}
