import type { Collection } from "../retrieval/types.ts";
import { type AppError, isUserError, toAppError } from "../shared/errors.ts";
import type { VectorMetadata } from "../vector-index/vector-index.ts";
import { acceptDocuments, type DocumentInput, MAX_INLINE_CHARACTERS } from "./accept-documents.ts";
import type { DocumentRecord } from "./documents/document.ts";
import { fileKey, type StoredFile } from "./documents/file-store.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import type { SplitSettings } from "./passage-tokens.ts";
import { documentFormatOf } from "./reading/document-formats.ts";
import { failVersion } from "./steps/run-message.ts";

/** A file and how it enters a collection. */
export interface AttachedFile {
  readonly file: StoredFile;
  readonly metadata: VectorMetadata;
  readonly split: SplitSettings;
}

/**
 * Makes documents of uploaded files: the file's id is the document's, its name the title. A file that cannot be read is a
 * failed document, not an error, so that one of many does not stop the others. A single small file is read at once.
 */
export async function attachFiles(
  dependencies: DocumentDependencies,
  collection: Collection,
  attached: readonly AttachedFile[],
): Promise<readonly DocumentRecord[]> {
  const inputs: DocumentInput[] = [];
  for (const entry of attached) {
    try {
      inputs.push(await toInput(dependencies, entry, attached.length === 1));
    } catch (error) {
      await reject(dependencies, collection, entry, error);
    }
  }
  try {
    await acceptDocuments(dependencies, collection, inputs);
  } catch (error) {
    const [only] = attached;
    if (only === undefined || attached.length > 1) {
      throw error;
    }
    await reject(dependencies, collection, only, error);
  }
  return await dependencies.catalog.get(
    collection.name,
    attached.map(({ file }) => file.id),
  );
}

async function toInput(
  { contents }: DocumentDependencies,
  { file, metadata, split }: AttachedFile,
  isAlone: boolean,
): Promise<DocumentInput> {
  const { id, filename, mediaType, bytes } = file;
  const key = fileKey(id);
  const text = isAlone && bytes <= MAX_INLINE_CHARACTERS ? await contents.getText(key) : undefined;
  return {
    id,
    title: filename,
    url: "",
    metadata,
    format: documentFormatOf({ mediaType, name: filename }),
    content: text ?? { key, bytes },
    split,
  };
}

/** What is not the file's fault is thrown. */
async function reject(
  dependencies: DocumentDependencies,
  { name }: Collection,
  { file, metadata, split }: AttachedFile,
  thrown: unknown,
): Promise<void> {
  const error: AppError = toAppError(thrown);
  if (!isUserError(error) || error.code === "fingerprint_mismatch" || error.details["param"] === "overlap_tokens") {
    throw thrown;
  }
  const { version } = await dependencies.versions.begin({
    id: file.id,
    title: file.filename,
    url: "",
    metadata,
    format: "text",
    bytes: file.bytes,
    digest: "",
    maxTokens: split.maxTokens ?? 0,
    overlapTokens: split.overlapTokens ?? 0,
    collection: name,
    source: undefined,
    payer: dependencies.payer,
  });
  await failVersion(dependencies, version, error);
}
