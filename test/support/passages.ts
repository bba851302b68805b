import type { CollectionSettings } from "../../src/retrieval/passage-store.ts";
import type { Collection, Passage } from "../../src/retrieval/types.ts";

/** A passage of which only the interesting part is given. */
export function passageOf(passage: Partial<Passage> & { readonly id: string }): Passage {
  return {
    documentId: `doc-${passage.id}`,
    title: "",
    text: "",
    url: `https://example.org/${passage.id}`,
    metadata: {},
    ...passage,
  };
}

export function collectionSettingsOf(settings: Partial<CollectionSettings> = {}): Required<CollectionSettings> {
  return {
    name: "animals",
    encoderFingerprint: "f".repeat(64),
    encoderName: "fake-encoder",
    dims: 16,
    similarity: "cosine",
    fusion: { method: "rrf", rrfK: 60 },
    ...settings,
  };
}

export function collectionOf(collection: Partial<Collection> = {}): Collection {
  return { ...collectionSettingsOf(), version: 1, passageCount: 1, ...collection };
}
