import { BackupStore } from "../../src/backup/backup-store.ts";
import { CollectionFactsStore } from "../../src/ingestion/documents/collection-facts.ts";
import type { BackupManifest } from "../../training/backup/backup-files.ts";
import { exportCollection } from "../../training/backup/export-collection.ts";
import type { ExportOptions } from "../../training/backup/export-collection.ts";
import { importCollection } from "../../training/backup/import-collection.ts";
import type { ImportOptions, ImportResult } from "../../training/backup/import-collection.ts";
import { createAdminClient } from "../../training/indexing/admin-client.ts";
import { createIngestionWorld, WORLD_COLLECTION } from "./ingestion-world.ts";
import type { IngestionWorld } from "./ingestion-world.ts";
import { silentProgress } from "./silent-progress.ts";
import { createTestApp } from "./test-app.ts";

const URL = "http://worker.test";

/** A Worker's routes over real SQL and a vector index in memory, with the commands that speak to them. */
export interface BackupWorld extends IngestionWorld {
  /** Requests so far; a number of it may be given to `failAt`. */
  readonly requests: string[];
  /** The request of that number, from 0, finds the connection broken: before it arrives, or before its reply does. */
  failAt: { readonly request: number; readonly isDone: boolean } | undefined;
  readonly export: (output: string, given?: Partial<ExportOptions>) => Promise<BackupManifest>;
  readonly import: (backup: string, given?: Partial<ImportOptions>) => Promise<ImportResult>;
}

export async function createBackupWorld(): Promise<BackupWorld> {
  const world = await createIngestionWorld();
  const { dependencies: documents, database } = world;
  const app = createTestApp({
    dependencies: {
      store: world.store,
      documents,
      vectorIndex: documents.vectorIndex,
      collectionFacts: new CollectionFactsStore(database),
      backups: new BackupStore(database),
    },
  });
  const { signal } = new AbortController();
  const requests: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const number = requests.push(`${request.method} ${new globalThis.URL(request.url).pathname}`) - 1;
    const fails = backupWorld.failAt?.request === number;
    if (fails && backupWorld.failAt?.isDone === false) {
      throw new TypeError("fetch failed");
    }
    const response = await app.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === null ? {} : { body: await request.text() }),
    });
    if (fails) {
      throw new TypeError("fetch failed");
    }
    return response;
  };
  const client = createAdminClient({ url: URL, fetch, signal, retries: 0 });
  // The same object: the world's own calls look at its `fault`.
  const backupWorld: BackupWorld = Object.assign(world, {
    requests,
    failAt: undefined,
    export: (output, given = {}) =>
      exportCollection({
        client,
        url: URL,
        collection: WORLD_COLLECTION,
        output,
        pageSize: 2,
        allowChanges: false,
        progress: silentProgress,
        signal,
        ...given,
      }),
    import: (backup, given = {}) =>
      importCollection({
        url: URL,
        retries: 0,
        backup,
        collection: undefined,
        receipt: (name) => `${backup}/receipt-${name}.jsonl`,
        isVerified: true,
        fetch,
        log: (message) => world.log.push({ message }),
        progress: silentProgress,
        sleep: () => world.drain(),
        signal,
        ...given,
      }),
  } satisfies Omit<BackupWorld, keyof IngestionWorld>);
  return backupWorld;
}

/** What a collection is, without what names a version or a place: equal collections give equal descriptions. */
export async function describeCollection(world: BackupWorld): Promise<object> {
  const passages = await world.database.query({
    sql: `SELECT passages.document_id, passages.title, passages.text, passages.url, passages.metadata, vector_id,
        passages.version IS NULL AS is_uploaded
      FROM passages ORDER BY is_uploaded DESC, id`,
  });
  const documents = await world.database.query({
    sql: `SELECT document_id, format, title, url, metadata, max_tokens, overlap_tokens, bytes, digest, passage_count
      FROM document_versions WHERE state = 'live' ORDER BY version`,
  });
  const [collection] = await world.database.query({
    sql: "SELECT display_name, metadata, fusion, passage_count, encoder_fingerprint FROM collections",
  });
  return {
    collection,
    documents,
    passages: passages.map(({ vector_id: id, ...passage }) => ({
      ...passage,
      vector: [...(world.vectorIndex.vectors.get(String(id))?.values ?? [])],
    })),
    vectors: world.vectorIndex.vectors.size,
  };
}
