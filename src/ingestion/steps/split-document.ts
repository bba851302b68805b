import type { Encoder } from "../../encoder/encoder.ts";
import { AppError } from "../../shared/errors.ts";
import { cleanText } from "../clean-passage.ts";
import type { DocumentFacts, DocumentVersion } from "../documents/document.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import { type IngestionMessage, PASSAGES_PER_ENCODE } from "../ingestion-message.ts";
import { readDocument } from "../reading/document-formats.ts";
import { type SplitPassage, splitPassages } from "../split-passages.ts";

/** Characters of passages that go to the database at once: one parameter, far below D1's 2 MB. */
const MAX_BATCH_CHARACTERS = 250_000;
/** Of one document: its text is some 50 MB by then, and its vectors half of what the embedded index holds. */
const MAX_PASSAGES = 50_000;

export interface SplitDocument {
  /** The one that was given, or the document's own. */
  readonly title: string;
  readonly passages: Iterable<SplitPassage>;
}

/** Reads a document and cuts it into passages. Throws `invalid_request` when it is not what its format says. */
export function splitDocument(
  {
    title: given,
    format,
    maxTokens,
    overlapTokens,
  }: Pick<DocumentFacts, "title" | "format" | "maxTokens" | "overlapTokens">,
  content: string,
  encoder: Pick<Encoder, "countTokens">,
): SplitDocument {
  const { title: own = "", sections } = readDocument(format, cleanText(content));
  const title = given === "" ? own : given;
  return {
    title,
    passages: splitPassages(sections, {
      title,
      maxTokens,
      overlapTokens,
      countTokens: (text) => encoder.countTokens(text),
    }),
  };
}

/** Stages a version's passages; returns how many. Throws `invalid_request` when there are none, or far too many. */
export async function stagePassages(
  { staging, versions, unixNow }: DocumentDependencies,
  version: DocumentVersion,
  { title, passages }: SplitDocument,
): Promise<number> {
  let staged = 0;
  let batch: SplitPassage[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    await staging.stage(version, { firstOrdinal: staged, passages: batch, now: unixNow() });
    staged += batch.length;
    batch = [];
    characters = 0;
    if (staged > MAX_PASSAGES) {
      const message = `the document has more than ${MAX_PASSAGES} passages; cut it into several documents`;
      throw new AppError("invalid_request", message, { details: { param: "content", limit: MAX_PASSAGES } });
    }
  };
  for (const passage of passages) {
    batch.push(passage);
    characters += passage.title.length + passage.text.length;
    if (characters >= MAX_BATCH_CHARACTERS) {
      await flush();
    }
  }
  await flush();
  if (staged === 0) {
    throw noText();
  }
  await versions.endSplitting(version.version, { title, passageCount: staged });
  return staged;
}

/** A document of which nothing can be found. */
export function noText(): AppError {
  return new AppError("invalid_request", "the document has no text", { details: { param: "content" } });
}

/** The step: a version's content, kept when it came, becomes staged passages. */
export async function runSplit(dependencies: DocumentDependencies, versionNumber: number): Promise<void> {
  const { versions, encoder, contents, queue } = dependencies;
  const version = await versions.get(versionNumber);
  if (version?.state === "splitting" && version.source !== undefined) {
    const content = await contents.getText(version.source.key);
    if (content === undefined) {
      const reason = version.source.isOwned ? "the upload was interrupted" : "its file was deleted before it was read";
      throw new AppError("invalid_request", `there is no content: ${reason}; send the document again`);
    }
    await stagePassages(dependencies, version, splitDocument(version, content, await encoder()));
  }
  await queue.send(await encodeMessages(dependencies, versionNumber));
}

/** The messages that encode what of a version is not encoded yet. */
export async function encodeMessages(
  { staging }: Pick<DocumentDependencies, "staging">,
  version: number,
): Promise<IngestionMessage[]> {
  const batches = await staging.unencodedBatches(version, PASSAGES_PER_ENCODE);
  return batches.map((first) => ({ type: "encode", version, first }));
}
