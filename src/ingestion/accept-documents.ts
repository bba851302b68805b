import type { Encoder } from "../encoder/encoder.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import { documentDigest } from "./documents/document-digest.ts";
import type { DocumentFacts, DocumentRecord, DocumentSource, DocumentVersion } from "./documents/document.ts";
import { failureEntry } from "./failure-entry.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import { assertOwnEncoder } from "./own-encoder.ts";
import { passageTokens, type SplitSettings } from "./passage-tokens.ts";
import type { SplitPassage } from "./split-passages.ts";
import { encodePassages } from "./steps/encode-passages.ts";
import { nextMessages } from "./steps/next-messages.ts";
import { runPublish } from "./steps/publish-version.ts";
import { noText, splitDocument, type SplitDocument, stagePassages } from "./steps/split-document.ts";
import { sweepDocument } from "./steps/sweep-version.ts";

/** What is sent: its content, or a file that was uploaded before. */
export interface DocumentInput extends Pick<DocumentFacts, "id" | "title" | "url" | "metadata" | "format"> {
  readonly content: string | { readonly key: string; readonly bytes: number };
  readonly split: SplitSettings;
}

/** A longer content is split in the background: up to here it takes a tenth of a second. */
export const MAX_INLINE_CHARACTERS = 64 * 1024;
/** Passages of a request that are encoded before it is answered: a second or two. */
const MAX_INLINE_PASSAGES = 16;

/** A document that was looked at and is about to be written. */
interface Prepared {
  readonly facts: DocumentFacts;
  readonly content: DocumentInput["content"];
  /** Undefined: it is split in the background. */
  readonly split: (SplitDocument & { readonly passages: readonly SplitPassage[] }) | undefined;
}

/**
 * Takes documents into a collection, each replacing the one of its id as a whole. Small loads are searchable when this
 * returns; large ones are in progress, safe in the database and on the queue. Sending the same again changes nothing.
 * All of them are looked at before any is written.
 *
 * Throws `fingerprint_mismatch`, and `invalid_request` for a document that is not what its format says.
 */
export async function acceptDocuments(
  dependencies: DocumentDependencies,
  collection: Collection,
  inputs: readonly DocumentInput[],
): Promise<readonly DocumentRecord[]> {
  const encoder = await dependencies.encoder();
  assertOwnEncoder(collection, encoder);
  const ids = inputs.map(({ id }) => id);
  const known = new Map((await dependencies.catalog.get(collection.name, ids)).map((record) => [record.id, record]));
  const prepared: Prepared[] = [];
  for (const [index, input] of inputs.entries()) {
    const next = await prepare(input, encoder, `documents[${index}].content`);
    if (!isUnchanged(known.get(input.id), next.facts)) {
      prepared.push(next);
    }
  }
  const begun: DocumentVersion[] = [];
  for (const document of prepared) {
    begun.push(await begin(dependencies, collection, document));
  }
  const passages = prepared.reduce((sum, { split }) => sum + (split?.passages.length ?? Infinity), 0);
  if (passages > MAX_INLINE_PASSAGES || !(await tryInline(dependencies, begun))) {
    await sendOn(dependencies, begun);
  }
  return await dependencies.catalog.get(collection.name, ids);
}

async function prepare(input: DocumentInput, encoder: Encoder, param: string): Promise<Prepared> {
  const { content, split: settings, ...facts } = input;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content).length : content.bytes;
  const complete = {
    ...facts,
    bytes,
    digest: await documentDigest(input),
    ...passageTokens(settings, encoder),
  };
  if (typeof content !== "string" || content.length > MAX_INLINE_CHARACTERS) {
    return { facts: complete, content, split: undefined };
  }
  try {
    const { title, passages } = splitDocument(complete, content, encoder);
    const split = { title, passages: [...passages] };
    if (split.passages.length === 0) {
      throw noText();
    }
    return { facts: complete, content, split };
  } catch (thrown) {
    const error = toAppError(thrown);
    throw error.code === "invalid_request"
      ? new AppError(error.code, `${param}: ${error.message}`, { cause: error, details: { ...error.details, param } })
      : error;
  }
}

function isUnchanged(record: DocumentRecord | undefined, { digest }: DocumentFacts): boolean {
  return record?.latest?.digest === digest && record.status !== "failed";
}

async function begin(
  dependencies: DocumentDependencies,
  { name }: Collection,
  { facts, content, split }: Prepared,
): Promise<DocumentVersion> {
  const { versions, contents } = dependencies;
  if (split !== undefined) {
    const version = await versions.begin({ ...facts, collection: name, source: undefined, payer: dependencies.payer });
    const passageCount = await stagePassages(dependencies, version, split);
    await sweepDocument(dependencies, version);
    return { ...version, state: "encoding", passageCount };
  }
  const source: DocumentSource =
    typeof content === "string"
      ? { key: `documents/${crypto.randomUUID()}`, isOwned: true }
      : { key: content.key, isOwned: false };
  // The record first: it knows what to delete, should this be the last that happens.
  const version = await versions.begin({ ...facts, collection: name, source, payer: dependencies.payer });
  if (typeof content === "string") {
    await contents.put(source.key, content);
  }
  await sweepDocument(dependencies, version);
  return version;
}

/**
 * Does at once what the queue would do. False when it did not go well: the queue then does the rest, and knows how long to
 * keep trying.
 */
async function tryInline(dependencies: DocumentDependencies, begun: readonly DocumentVersion[]): Promise<boolean> {
  try {
    for (const version of begun) {
      await encodePassages(dependencies, version, 0);
      await runPublish(dependencies, { version: version.version, checks: 0 });
    }
    return true;
  } catch (error) {
    dependencies.log(failureEntry("inline", error));
    return false;
  }
}

async function sendOn(dependencies: DocumentDependencies, begun: readonly DocumentVersion[]): Promise<void> {
  const messages = await Promise.all(
    begun.map(async ({ version, state }) =>
      state === "splitting" ? [{ type: "split" as const, version }] : await nextMessages(dependencies, version),
    ),
  );
  await dependencies.queue.send(messages.flat());
}
