import { toBase64 } from "../../shared/base64.ts";
import { AppError } from "../../shared/errors.ts";
import type { DocumentVersion } from "../documents/document.ts";
import type { PassageEmbedding } from "../documents/staging.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import { PASSAGES_PER_ENCODE } from "../ingestion-message.ts";
import { assertOwnEncoder } from "../own-encoder.ts";

/**
 * Encodes one batch of a version's passages, from the ordinal `first` on. Tells whether all passages of the version are
 * encoded now. Throws `fingerprint_mismatch` when the collection is of another encoder.
 */
export async function encodePassages(
  { store, staging, encoder: loadEncoder, unixNow }: DocumentDependencies,
  version: DocumentVersion,
  first: number,
): Promise<boolean> {
  const batch = await staging.read(version.version, { firstOrdinal: first, count: PASSAGES_PER_ENCODE });
  const waiting = batch.filter(({ embedding }) => embedding === undefined);
  const encoder = await loadEncoder();
  const collection = await store.getCollection(version.collection);
  if (collection !== undefined) {
    assertOwnEncoder(collection, encoder);
  }
  const encoded: PassageEmbedding[] = [];
  for (const passage of waiting) {
    const { embeddings, tokenCount } = await encoder.encodePassages([passage]);
    // A forward pass blocks, and its promise settles without the event loop: other requests are let in here.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const [embedding] = embeddings;
    if (embedding === undefined) {
      throw new AppError("encoder_failed", "the encoder returned no embedding for a passage");
    }
    encoded.push({ ordinal: passage.ordinal, embedding: toBase64(embedding), tokens: tokenCount });
  }
  return await staging.keepEmbeddings(version.version, encoded, unixNow());
}

/** The step: one batch, and the last one leads to publishing. */
export async function runEncode(
  dependencies: DocumentDependencies,
  { version: versionNumber, first }: { readonly version: number; readonly first: number },
): Promise<void> {
  const version = await dependencies.versions.get(versionNumber);
  if (version?.state === "encoding" && (await encodePassages(dependencies, version, first))) {
    await dependencies.queue.send([{ type: "publish", version: versionNumber, checks: 0 }]);
  }
}
