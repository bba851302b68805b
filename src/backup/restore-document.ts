import { cleanText } from "../ingestion/clean-passage.ts";
import { decodeValues, type VectorValues } from "../ingestion/decode-values.ts";
import type { DocumentFacts, DocumentRecord, DocumentVersion, VersionState } from "../ingestion/documents/document.ts";
import { failureEntry } from "../ingestion/failure-entry.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import { runPublish } from "../ingestion/steps/publish-version.ts";
import { sweepDocument } from "../ingestion/steps/sweep-version.ts";
import type { Collection } from "../retrieval/types.ts";
import { toBase64 } from "../shared/base64.ts";
import { AppError } from "../shared/errors.ts";

/** Passages, and characters of them, that go to the database at once: parameters far below D1's 2 MB. */
const BATCH_PASSAGES = 200;
const BATCH_CHARACTERS = 250_000;

/** States of a version all of whose passages are there. */
const WHOLE: ReadonlySet<VersionState> = new Set(["encoding", "publishing", "live"]);

interface RestoredPassage {
  readonly title: string;
  readonly text: string;
  readonly values: VectorValues;
}

export interface RestoreDocumentRequest {
  readonly encoderFingerprint: string;
  readonly facts: DocumentFacts;
  /** Of the whole document. */
  readonly passageCount: number;
  /** Of a document that an earlier request has begun, what that was answered with. */
  readonly version: number | undefined;
  /** Place of the first of these passages in the document, from 0. */
  readonly firstOrdinal: number;
  readonly passages: readonly RestoredPassage[];
}

export interface RestoreDocumentOutcome {
  /** To send the rest of the document with. */
  readonly version: number;
  readonly record: DocumentRecord;
}

/**
 * Takes a document out of a backup: ingestion with passages and vectors that are there already. It becomes live as a whole,
 * when its last passage has come; one that is there with the same digest stays as it is.
 *
 * Throws `fingerprint_mismatch`, `dims_mismatch`, and `invalid_request` for a version that is not under way.
 */
export async function restoreDocument(
  dependencies: DocumentDependencies,
  collection: Collection,
  request: RestoreDocumentRequest,
): Promise<RestoreDocumentOutcome> {
  const { catalog, versions } = dependencies;
  const { facts, passageCount, firstOrdinal, passages } = request;
  assertOfCollection(collection, request);
  const embeddings = passages.map(({ values }, index) => embeddingOf(values, { collection, index }));
  const known = await recordOf(dependencies, collection, facts.id);
  if (known?.latest !== undefined && isRestored(known.latest, request)) {
    return { version: known.latest.version, record: known };
  }
  const version =
    request.version === undefined
      ? await begin(dependencies, collection, facts)
      : requireUnderWay(known?.latest, request.version);
  await stage(dependencies, version, { firstOrdinal, passages, embeddings });
  if (firstOrdinal + passages.length >= passageCount) {
    await versions.endSplitting(version.version, { title: facts.title, passageCount });
    await publish(dependencies, version);
  }
  const [record] = await catalog.get(collection.name, [facts.id]);
  if (record === undefined) {
    throw new AppError("unknown_document", `document "${facts.id}" was deleted while it was restored`);
  }
  return { version: version.version, record };
}

function assertOfCollection(collection: Collection, { encoderFingerprint: got }: RestoreDocumentRequest): void {
  const { name, encoderFingerprint: expected, encoderName } = collection;
  if (got !== expected) {
    throw new AppError(
      "fingerprint_mismatch",
      `the document was encoded by ${got}, collection "${name}" holds vectors of ${encoderName} (${expected}); restore it into another collection`,
      { details: { expected, got } },
    );
  }
}

function embeddingOf(
  values: VectorValues,
  { collection, index }: { readonly collection: Collection; readonly index: number },
): string {
  const param = `passages[${index}].values`;
  const decoded = decodeValues(values, param);
  if (decoded.length !== collection.dims) {
    throw new AppError(
      "dims_mismatch",
      `${param} has ${decoded.length} dimensions, collection "${collection.name}" has ${collection.dims}`,
      { details: { param, expected: collection.dims, got: decoded.length } },
    );
  }
  return toBase64(decoded);
}

async function recordOf(
  { catalog }: DocumentDependencies,
  { name }: Collection,
  id: string,
): Promise<DocumentRecord | undefined> {
  const [record] = await catalog.get(name, [id]);
  return record;
}

/** The same document is there; or its last passages are sent once more, because the reply was lost. */
function isRestored(latest: DocumentVersion, { facts, version }: RestoreDocumentRequest): boolean {
  const isWhole =
    version === undefined ? latest.state === "live" : latest.version === version && WHOLE.has(latest.state);
  return isWhole && latest.digest === facts.digest;
}

async function begin(
  dependencies: DocumentDependencies,
  { name }: Collection,
  facts: DocumentFacts,
): Promise<DocumentVersion> {
  const version = await dependencies.versions.begin({
    ...facts,
    collection: name,
    source: undefined,
    payer: dependencies.payer,
  });
  await sweepDocument(dependencies, version);
  return version;
}

function requireUnderWay(latest: DocumentVersion | undefined, version: number): DocumentVersion {
  if (latest?.version !== version || latest.state !== "splitting") {
    throw new AppError(
      "invalid_request",
      `version: ${version} of this document is not being restored (any more); begin again without a version`,
      { details: { param: "version" } },
    );
  }
  return latest;
}

interface StageRequest extends Pick<RestoreDocumentRequest, "firstOrdinal" | "passages"> {
  /** Base64 of little-endian float32, of each passage. */
  readonly embeddings: readonly string[];
}

/** Nothing was encoded, so no token is counted. */
async function stage(
  { staging, unixNow }: DocumentDependencies,
  version: DocumentVersion,
  { firstOrdinal, passages, embeddings }: StageRequest,
): Promise<void> {
  let start = 0;
  while (start < passages.length) {
    let end = start;
    let characters = 0;
    for (; end < passages.length && end - start < BATCH_PASSAGES && characters < BATCH_CHARACTERS; end++) {
      characters += (passages[end]?.title.length ?? 0) + (passages[end]?.text.length ?? 0);
    }
    const batch = passages.slice(start, end);
    const now = unixNow();
    await staging.stage(version, {
      firstOrdinal: firstOrdinal + start,
      passages: batch.map(({ title, text }) => ({ title: cleanText(title), text: cleanText(text) })),
      now,
    });
    const kept = batch.map((_passage, index) => ({
      ordinal: firstOrdinal + start + index,
      embedding: embeddings[start + index] ?? "",
      tokens: 0,
    }));
    await staging.keepEmbeddings(version.version, kept, now);
    start = end;
  }
}

/** At once, or by the queue when that does not go well. */
async function publish(dependencies: DocumentDependencies, { version }: DocumentVersion): Promise<void> {
  try {
    await runPublish(dependencies, { version, checks: 0 });
  } catch (error) {
    dependencies.log(failureEntry("inline", error));
    await dependencies.queue.send([{ type: "publish", version, checks: 0 }]);
  }
}
