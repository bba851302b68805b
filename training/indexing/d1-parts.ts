import type { CollectionSettings } from "../../src/retrieval/passage-store.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { openNodeSqliteDatabase } from "../artifacts/node-sqlite-database.ts";
import { recordSql } from "./sql-recorder.ts";
import type { SqlRecorder } from "./sql-recorder.ts";
import { writeParts } from "./write-parts.ts";
import type { Part } from "./write-parts.ts";

/** D1 refuses a statement of more than 100 KB. */
export const MAX_STATEMENT_BYTES = 100_000;
/** Passages of one statement: what is left after quoting and the statement's own words. */
const MAX_PAYLOAD_BYTES = 70_000;
/** D1 imports a file in one go, during which the database does not answer. */
const MAX_PART_BYTES = 20 * 1000 * 1000;
const MAX_STATEMENTS_PER_PART = 1000;

export interface D1PartsOptions {
  readonly folder: string;
  readonly collection: CollectionSettings;
  /**
   * Key of the collection in D1, which names its full-text table: one that is free there. The first statement fails
   * when it is taken.
   */
  readonly collectionId: number;
  readonly passages: Iterable<CorpusPassage>;
}

/**
 * SQL for `wrangler d1 execute DB --file PART`, after `wrangler d1 migrations apply`: the statements with which the
 * Worker's own store would write the same, recorded while it writes them to a scratch database.
 * @throws AppError `invalid_artifact` for a passage that does not fit a statement: `aar upload` takes it.
 */
export async function writeD1Parts({ folder, collection, collectionId, passages }: D1PartsOptions): Promise<Part[]> {
  const database = await openNodeSqliteDatabase(":memory:");
  try {
    const recorder = recordSql(database);
    return await writeParts(toStatements(recorder, { collection, collectionId, passages }), {
      folder,
      stem: "passages",
      extension: "sql",
      maxPieces: MAX_STATEMENTS_PER_PART,
      maxBytes: MAX_PART_BYTES,
    });
  } finally {
    database.close();
  }
}

async function* toStatements(
  recorder: SqlRecorder,
  { collection, collectionId, passages }: Omit<D1PartsOptions, "folder">,
): AsyncGenerator<string> {
  const { name, encoderFingerprint, encoderName, dims, similarity, fusion } = collection;
  await recorder.query({
    sql: `INSERT INTO collections (id, name, encoder_fingerprint, encoder_name, dims, similarity, fusion)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
    params: [collectionId, name, encoderFingerprint, encoderName, dims, similarity, JSON.stringify(fusion)],
  });
  const store = new SqlPassageStore(recorder);
  await store.putCollection(collection);
  yield* recorder.take();
  for (const group of groupsBySize(passages)) {
    await store.upsertPassages(name, group);
    for (const statement of recorder.take()) {
      if (Buffer.byteLength(statement) > MAX_STATEMENT_BYTES) {
        const ids = group.map(({ id }) => `"${id}"`).join(", ");
        throw new AppError(
          "invalid_artifact",
          `passage ${ids} makes a statement of ${Buffer.byteLength(statement)} bytes, D1 takes ${MAX_STATEMENT_BYTES}; use \`aar upload\``,
        );
      }
      yield statement;
    }
    await forget(recorder, store, { collection: name, group });
  }
}

/** The scratch database need not hold the corpus twice; what deletes from it is not recorded. */
async function forget(
  recorder: SqlRecorder,
  store: SqlPassageStore,
  { collection, group }: { readonly collection: string; readonly group: readonly CorpusPassage[] },
): Promise<void> {
  await store.deletePassages(
    collection,
    group.map(({ id }) => id),
  );
  recorder.take();
}

function* groupsBySize(passages: Iterable<CorpusPassage>): Generator<CorpusPassage[]> {
  let group: CorpusPassage[] = [];
  let bytes = 0;
  for (const passage of passages) {
    const size = Buffer.byteLength(JSON.stringify(passage)) + passage.id.length;
    if (group.length > 0 && bytes + size > MAX_PAYLOAD_BYTES) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(passage);
    bytes += size;
  }
  if (group.length > 0) {
    yield group;
  }
}
