import { env } from "cloudflare:test";
import { deleteCollection } from "../../../src/ingestion/delete-collection.ts";
import { DocumentCatalog } from "../../../src/ingestion/documents/document-catalog.ts";
import { Staging } from "../../../src/ingestion/documents/staging.ts";
import { VersionStore } from "../../../src/ingestion/documents/version-store.ts";
import type { DocumentDependencies } from "../../../src/ingestion/ingestion-dependencies.ts";
import { putCollection } from "../../../src/ingestion/put-collection.ts";
import { upsertPassages } from "../../../src/ingestion/upsert-passages.ts";
import { createD1Database } from "../../../src/platform/d1-database.ts";
import { createR2ContentStore } from "../../../src/platform/r2-content-store.ts";
import { createVectorizeIndex } from "../../../src/platform/vectorize-index.ts";
import { createDenseRetriever } from "../../../src/retrieval/dense-retriever.ts";
import { createLexicalRetriever } from "../../../src/retrieval/lexical-retriever.ts";
import type { CollectionSettings } from "../../../src/retrieval/passage-store.ts";
import { createRetriever } from "../../../src/retrieval/retriever.ts";
import { SqlPassageStore } from "../../../src/retrieval/sql-passage-store.ts";
import type { Passage, RetrieveOutcome, RetrieveRequest } from "../../../src/retrieval/types.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { collectionSettingsOf } from "../../support/passages.ts";
import { vectorize } from "../vector-index/local-bindings.ts";

export interface RetrievalWorldOptions {
  /** Put around the database and the vector index, to make them fail. */
  readonly around?: <Part extends object>(part: Part, name: "database" | "vectorIndex") => Part;
}

/** Retrieval and ingestion over the real D1 and the embedded index, with an encoder that hashes words. */
export function retrievalWorld({ around = (part) => part }: RetrievalWorldOptions = {}) {
  const encoder = fakeEncoder({ dims: 384 });
  const database = around(createD1Database(env.DB), "database");
  const store = new SqlPassageStore(database);
  const vectorIndex = around(createVectorizeIndex(vectorize), "vectorIndex");
  const now = (): number => performance.now();
  const legs = {
    dense: createDenseRetriever({
      queryEncoder: () => Promise.resolve({ encoder, used: { encoder: "default" } }),
      vectorIndex,
      store,
      now,
    }),
    lexical: createLexicalRetriever({ store, now }),
  };
  const retriever = createRetriever({ legs, store, now });
  const upload = async (
    name: string,
    passages: readonly Passage[],
    settings: Partial<CollectionSettings> = {},
  ): Promise<void> => {
    const { fingerprint: encoderFingerprint } = encoder;
    await putCollection(
      { store, vectorIndex },
      collectionSettingsOf({ name, dims: 384, encoderFingerprint, ...settings }),
    );
    const { embeddings } = await encoder.encodePassages(passages);
    const encoded = passages.map((passage, index) => ({ ...passage, values: [...(embeddings[index] ?? [])] }));
    await upsertPassages({ store, vectorIndex }, { collection: name, encoderFingerprint, passages: encoded });
  };
  const retrieve = async (name: string, request: Partial<RetrieveRequest> = {}): Promise<RetrieveOutcome> => {
    const collection = await store.getCollection(name);
    if (collection === undefined) {
      throw new Error(`the test has no collection "${name}"`);
    }
    return retriever.retrieve({ query: "walrus", mode: "hybrid", topK: 100, ...request, collection });
  };
  const documents: DocumentDependencies = {
    store,
    vectorIndex,
    catalog: new DocumentCatalog(database),
    versions: new VersionStore(database, () => 1),
    staging: new Staging(database),
    encoder: () => Promise.resolve(encoder),
    contents: createR2ContentStore(env.CONTENTS),
    queue: { send: () => Promise.resolve() },
    meter: () => Promise.resolve(),
    unixNow: () => 1,
    log: () => undefined,
  };
  const remove = (name: string): Promise<number> => deleteCollection(documents, name);
  return { store, vectorIndex, retriever, encoder, upload, retrieve, remove };
}

export function idsOf({ passages }: RetrieveOutcome): string[] {
  return passages.map(({ passage }) => passage.id);
}
