import type { z } from "zod";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { VectorMetadata } from "../../src/vector-index/vector-index.ts";
import { createAdminClient } from "../indexing/admin-client.ts";
import type { AdminClient, AdminClientOptions } from "../indexing/admin-client.ts";
import { uploadCollection } from "../indexing/upload-collection.ts";
import type { EncodedPassage } from "../indexing/upload-collection.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { readDocuments, readManifest, readPassages, verifyFiles } from "./backup-files.ts";
import type { BackupManifest } from "./backup-files.ts";
import { restoreDocuments } from "./restore-documents.ts";
import { verifyCollection } from "./verify-collection.ts";
import { labelsSchema } from "./wire.ts";

export interface ImportOptions extends AdminClientOptions {
  /** Folder of the backup. */
  readonly backup: string;
  /** Default: as in the backup. */
  readonly collection: string | undefined;
  /** File of what was confirmed; the same import goes on where it stopped. */
  readonly receipt: (collection: string) => string;
  /** Read everything back and compare. */
  readonly isVerified: boolean;
  readonly log: (message: string) => void;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface ImportResult {
  readonly collection: string;
  /** Sent now; what was there already is not among them. */
  readonly uploadedPassages: number;
  readonly restoredDocuments: number;
  /** Passages that were read back and are those of the backup; undefined: nobody looked. */
  readonly verifiedPassages: number | undefined;
}

/**
 * Brings a backup into a Worker: passages that were uploaded with their vectors as such, ingested documents as documents, each
 * as a whole. Nothing is encoded. A killed run goes on where it was; what the collection has beyond the backup stays.
 *
 * @throws AppError `invalid_artifact` for a backup whose files are not those that were exported, before anything is sent, and
 *   for a collection that is not the backup's afterwards; what the Worker refuses (`fingerprint_mismatch`, …).
 */
export async function importCollection(options: ImportOptions): Promise<ImportResult> {
  const { backup, log } = options;
  const client = createAdminClient(options);
  const manifest = await readManifest(backup);
  await verifyFiles(backup, manifest);
  if (!manifest.isConsistent) {
    log("the collection was written to while this backup was made: it may hold a document twice, or in part");
  }
  const name = options.collection ?? manifest.collection.name;
  const documents = await readDocuments(backup);
  const uploaded = await uploadPassages(options, { manifest, name });
  await putLabels(client, { manifest, name, log });
  const restored = await restoreDocuments({
    ...options,
    client,
    collection: name,
    encoderFingerprint: manifest.collection.encoderFingerprint,
    documents,
    passages: readPassages(backup, manifest),
  });
  const verified = options.isVerified
    ? await verifyCollection({ ...options, client, collection: name, manifest })
    : undefined;
  return {
    collection: name,
    uploadedPassages: uploaded,
    restoredDocuments: restored,
    verifiedPassages: verified,
  };
}

interface Target {
  readonly manifest: BackupManifest;
  readonly name: string;
}

/** The collection is made here too, with its fusion. */
async function uploadPassages(options: ImportOptions, { manifest, name }: Target): Promise<number> {
  const { backup, receipt } = options;
  const { encoderFingerprint, encoderName, dims, similarity, fusion } = manifest.collection;
  const { uploaded } = await uploadCollection({
    ...options,
    collection: { name, encoderFingerprint, encoderName, dims, similarity, fusion: toFusion(fusion) },
    passages: uploadedPassages(readPassages(backup, manifest)),
    count: manifest.passages,
    receipt: receipt(name),
  });
  return uploaded;
}

async function* uploadedPassages(passages: ReturnType<typeof readPassages>): AsyncGenerator<EncodedPassage> {
  for await (const { _id: id, title, text, url, metadata, document_id: documentId, version, vector } of passages) {
    if (version === undefined) {
      // A Worker took it as metadata of a passage before.
      yield { id, title, text, url, documentId, vector, metadata: metadata as VectorMetadata };
    }
  }
}

function toFusion(fusion: BackupManifest["collection"]["fusion"]): FusionSettings {
  return fusion.method === "rrf" ? { method: "rrf", rrfK: fusion.rrf_k } : fusion;
}

/** Labels belong to collections of the Worker's own encoder; another one's are lost, and said to be. */
async function putLabels(
  client: AdminClient,
  { manifest: { collection }, name, log }: Target & Pick<ImportOptions, "log">,
): Promise<z.output<typeof labelsSchema> | undefined> {
  const { displayName, metadata } = collection;
  if (displayName === "" && Object.keys(metadata).length === 0) {
    return undefined;
  }
  try {
    const body = JSON.stringify({ name, display_name: displayName, metadata });
    return await client.send({ method: "POST", path: "/v1/collections", body, schema: labelsSchema });
  } catch (error) {
    if (error instanceof AppError && error.code === "fingerprint_mismatch") {
      log(`the collection's name for people and its metadata were left out: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
