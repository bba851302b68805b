import { acceptDocuments, type DocumentInput } from "../../src/ingestion/accept-documents.ts";
import { type Delivery, consumeDeadLetters, consumeMessages } from "../../src/ingestion/consume-messages.ts";
import { DocumentCatalog } from "../../src/ingestion/documents/document-catalog.ts";
import { Staging } from "../../src/ingestion/documents/staging.ts";
import { VersionStore } from "../../src/ingestion/documents/version-store.ts";
import type { ContentStore, DocumentDependencies } from "../../src/ingestion/ingestion-dependencies.ts";
import type { IngestionMessage } from "../../src/ingestion/ingestion-message.ts";
import type { SqlDatabase } from "../../src/retrieval/sql-database.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import type { Collection } from "../../src/retrieval/types.ts";
import type { JsonObject } from "../../src/shared/json.ts";
import { openNodeSqliteDatabase } from "../../training/artifacts/node-sqlite-database.ts";
import { fakeEncoder } from "./fake-encoder.ts";
import { MemoryVectorIndex } from "./memory-vector-index.ts";
import { collectionSettingsOf } from "./passages.ts";

/**
 * Called around everything that leaves the isolate: throws to make it fail, before or after it took effect, waits to let
 * others go first.
 */
type Fault = (where: string) => void | Promise<void>;

export interface IngestionWorld {
  readonly dependencies: DocumentDependencies;
  readonly database: SqlDatabase;
  readonly store: SqlPassageStore;
  readonly vectorIndex: MemoryVectorIndex;
  readonly contents: Map<string, string>;
  /** On the queue, in the order they were sent. */
  readonly queue: { message: IngestionMessage; attempts: number }[];
  readonly log: JsonObject[];
  /** Tokens that were counted, by key and version; the ledger counts a version once however often it is told. */
  readonly metered: ReadonlyMap<string, number>;
  readonly clock: { now: number };
  /** May be set at any time. Default: nothing fails. */
  fault: Fault;
  readonly collection: () => Promise<Collection>;
  readonly accept: (...inputs: readonly Partial<DocumentInput>[]) => ReturnType<typeof acceptDocuments>;
  /** Delivers one message of the queue; a failed one goes back to its end. */
  readonly deliver: (index?: number, options?: { readonly keep?: boolean }) => Promise<void>;
  /** Delivers until the queue is empty. */
  readonly drain: () => Promise<void>;
  /** Of the document, in reading order, as searches get them. */
  readonly texts: (id: string) => Promise<readonly string[]>;
}

export const WORLD_COLLECTION = "c";

/** Ingestion over real SQL, with a vector index, a bucket and a queue in memory, each of which can be made to fail. */
export async function createIngestionWorld(): Promise<IngestionWorld> {
  const inner = await openNodeSqliteDatabase(":memory:");
  const fails: Fault = (where) => world.fault(where);
  const database = guarded<SqlDatabase>(inner, ["query", "batch"], "database", fails);
  const store = new SqlPassageStore(database);
  const memoryIndex = new MemoryVectorIndex({ dimensions: 16 });
  const contents = new Map<string, string>();
  const queue: IngestionWorld["queue"] = [];
  const log: JsonObject[] = [];
  const metered = new Map<string, number>();
  const clock = { now: 1_000 };
  const bucket: ContentStore = {
    put: async (key, content) => void contents.set(key, typeof content === "string" ? content : await content.text()),
    getText: (key) => Promise.resolve(contents.get(key)),
    delete: (key) => Promise.resolve(void contents.delete(key)),
  };
  const unixNow = (): number => clock.now;
  const dependencies: DocumentDependencies = {
    store,
    catalog: new DocumentCatalog(database),
    versions: new VersionStore(database, unixNow),
    staging: new Staging(database),
    vectorIndex: guarded(memoryIndex, ["upsert", "deleteByIds", "getByIds"], "vectors", fails),
    encoder: () => Promise.resolve(fakeEncoder()),
    contents: guarded(bucket, ["put", "getText", "delete"], "contents", fails),
    queue: guarded(
      {
        send: (messages: readonly IngestionMessage[]) =>
          Promise.resolve(void queue.push(...messages.map((message) => ({ message, attempts: 0 })))),
      },
      ["send"],
      "queue",
      fails,
    ),
    payer: { keyId: "key-1", tenant: "acme" },
    meter: async ({ version, payer }, embedTokens) => {
      await world.fault("before ledger");
      metered.set(`${payer?.keyId} ${version}`, embedTokens);
      await world.fault("after ledger");
    },
    unixNow,
    log: (entry) => log.push(entry),
  };
  const collection = async (): Promise<Collection> => {
    const found = await new SqlPassageStore(inner).getCollection(WORLD_COLLECTION);
    if (found === undefined) {
      throw new Error("the world's collection is gone");
    }
    return found;
  };
  const world: IngestionWorld = {
    dependencies,
    database: inner,
    store: new SqlPassageStore(inner),
    vectorIndex: memoryIndex,
    contents,
    queue,
    log,
    metered,
    clock,
    fault: () => undefined,
    collection,
    accept: async (...inputs) => acceptDocuments(dependencies, await collection(), inputs.map(documentInputOf)),
    deliver: async (index = 0, { keep = false } = {}) => {
      const [entry] = keep ? queue.slice(index, index + 1) : queue.splice(index, 1);
      if (entry !== undefined) {
        await consumeMessages(dependencies, [
          deliveryOf(entry, () => queue.push({ ...entry, attempts: entry.attempts + 1 })),
        ]);
      }
    },
    drain: async () => {
      while (queue.length > 0) {
        await world.deliver();
      }
    },
    texts: async (id) => {
      const rows = await inner.query({
        sql: `SELECT text FROM passages WHERE document_id = ?1
          ORDER BY version, CAST(substr(passage_id, length(document_id) + length(version) + 3) AS INTEGER)`,
        params: [id],
      });
      return rows.map(({ text }) => String(text));
    },
  };
  await world.store.putCollection(collectionSettingsOf({ name: WORLD_COLLECTION, dims: 16 }));
  return world;
}

/** Gives up a message as the queue does after its last attempt. */
export async function giveUp(world: IngestionWorld, message: IngestionMessage): Promise<void> {
  await consumeDeadLetters(world.dependencies, [
    deliveryOf({ message, attempts: 1 }, () => {
      throw new Error("the dead letter was not taken");
    }),
  ]);
}

function deliveryOf({ message, attempts }: IngestionWorld["queue"][number], retry: () => void): Delivery {
  // As JSON, which is what a queue carries.
  return { body: JSON.parse(JSON.stringify(message)), attempts: attempts + 1, ack: () => undefined, retry };
}

function documentInputOf(input: Partial<DocumentInput>): DocumentInput {
  const split = { maxTokens: undefined, overlapTokens: undefined };
  return { id: "d", title: "", url: "", metadata: {}, format: "text", content: "A text.", split, ...input };
}

/** The same object, with a fault before and after each of these calls. */
function guarded<Target extends object>(
  target: Target,
  methods: readonly (keyof Target & string)[],
  where: string,
  fault: Fault,
): Target {
  return new Proxy(target, {
    get: (object, property) => {
      const value: unknown = Reflect.get(object, property);
      if (typeof value !== "function") {
        return value;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        const isGuarded = methods.some((method) => method === property);
        if (isGuarded) {
          await fault(`before ${where}`);
        }
        const result: unknown = await Reflect.apply(value, object, args);
        if (isGuarded) {
          await fault(`after ${where}`);
        }
        return result;
      };
    },
  });
}
