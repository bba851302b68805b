import type { Collection, FusionSettings } from "../retrieval/types.ts";
import type { CollectionFactsStore } from "./documents/collection-facts.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import { assertOwnEncoder } from "./own-encoder.ts";
import { putCollection } from "./put-collection.ts";

export interface OwnCollectionSettings {
  readonly name: string;
  /** Undefined, here and below: as it is, of a new collection empty or the default. */
  readonly displayName: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly fusion: FusionSettings | undefined;
}

/**
 * Creates a collection whose passages this Worker's encoder makes, or changes its labels. Throws `fingerprint_mismatch` when
 * it exists with another encoder.
 */
export async function createOwnCollection(
  {
    documents,
    collectionFacts,
  }: { readonly documents: DocumentDependencies; readonly collectionFacts: CollectionFactsStore },
  { name, displayName, metadata, fusion }: OwnCollectionSettings,
): Promise<Collection> {
  const encoder = await documents.encoder();
  const existing = await documents.store.getCollection(name);
  if (existing !== undefined) {
    assertOwnEncoder(existing, encoder);
  }
  const { manifest, fingerprint } = encoder;
  const collection = await putCollection(documents, {
    name,
    encoderFingerprint: fingerprint,
    encoderName: manifest.name,
    dims: manifest.dims,
    similarity: manifest.similarity,
    ...(fusion === undefined ? {} : { fusion }),
  });
  const [before] = await collectionFacts.get([name]);
  await collectionFacts.put({
    id: name,
    displayName: displayName ?? before?.displayName ?? "",
    metadata: metadata ?? before?.metadata ?? {},
    createdAt: documents.unixNow(),
  });
  return collection;
}
