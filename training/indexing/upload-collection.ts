import { z } from "zod";
import type { CollectionSettings } from "../../src/retrieval/passage-store.ts";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import { packVectors } from "../artifacts/vector-codec.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { createAdminClient } from "./admin-client.ts";
import type { AdminClient, AdminClientOptions } from "./admin-client.ts";
import { toWireFusion } from "./fusion-setting.ts";
import { openUploadReceipt } from "./upload-receipt.ts";

/** The Worker's own limits on one request: 500 passages and 16 MiB; bytes are kept well below. */
export const MAX_PASSAGES_PER_REQUEST = 500;
const MAX_BODY_BYTES = 8 << 20;

const collectionSchema = z.looseObject({
  name: z.string(),
  encoder_fingerprint: z.string(),
  encoder_name: z.string(),
  dims: z.int(),
  fusion: z.looseObject({ method: z.string() }),
  version: z.int(),
  passage_count: z.int(),
});
const listSchema = z.looseObject({ data: z.array(collectionSchema) });
const uploadedSchema = z.looseObject({
  upserted: z.int(),
  mutation_id: z.string().nullish(),
  collection: collectionSchema,
});

type WireCollection = z.output<typeof collectionSchema>;

/** A passage with the vector that the collection's encoder made of it. */
export interface EncodedPassage extends CorpusPassage {
  readonly vector: Float32Array;
}

export interface UploadCollectionOptions extends Omit<AdminClientOptions, "fetch"> {
  /** Without `fusion` an existing collection keeps its own and a new one gets the Worker's default. */
  readonly collection: Omit<CollectionSettings, "fusion"> & { readonly fusion?: FusionSettings | undefined };
  readonly passages: Iterable<EncodedPassage> | AsyncIterable<EncodedPassage>;
  /** How many there are, for progress. */
  readonly count: number;
  /** JSONL file of what was confirmed: the same upload goes on where it stopped. Default: none is kept. */
  readonly receipt?: string | undefined;
  /** Begin the receipt anew and send everything. Default false. */
  readonly ignoreReceipt?: boolean;
  /** Passages of a request, at most 500. Default 200. */
  readonly batchSize?: number;
  readonly fetch?: typeof fetch;
  readonly progress: (options: ProgressOptions) => Progress;
}

export interface UploadResult {
  readonly collection: string;
  /** Passages sent now. */
  readonly uploaded: number;
  /** Passages that the receipt shows as confirmed earlier, unchanged since. */
  readonly skipped: number;
  /** In the collection now, others' uploads included. */
  readonly passageCount: number;
  /** Of the last batch sent; the vector index shows it after some seconds. Undefined when nothing was sent. */
  readonly mutationId: string | undefined;
}

/**
 * Uploads passages and vectors to a Worker, local or in production alike, through its authenticated admin routes. The
 * collection is created, or checked to be of the same encoder, before anything is sent. Batches are retried with
 * backoff, and are idempotent: passages are replaced by id. Passages that the collection has beyond these stay.
 *
 * @throws AppError with the Worker's own code and text (`fingerprint_mismatch`, `unauthenticated`, …);
 *   `dims_mismatch` for a vector of other dimensions; see `AdminClient.send` for a Worker that does not answer.
 */
export async function uploadCollection(options: UploadCollectionOptions): Promise<UploadResult> {
  const { collection, passages, count, progress: createProgress, signal } = options;
  const client = createAdminClient({ ...options, fetch: options.fetch ?? fetch });
  const before = await findCollection(client, collection.name);
  let current = await putCollection(client, collection, before);
  const receipt = await openUploadReceipt({
    file: options.receipt,
    head: { url: options.url, collection: collection.name, encoderFingerprint: collection.encoderFingerprint },
    collection:
      before === undefined || options.ignoreReceipt === true
        ? undefined
        : { version: before.version, passageCount: before.passage_count },
  });
  let uploaded = 0;
  let skipped = 0;
  let mutationId: string | undefined;
  const progress = createProgress({ label: "upload", unit: "passages", total: count });
  try {
    for await (const batch of toBatches(passages, options)) {
      signal.throwIfAborted();
      const sha256 = sha256Hex(batch.body);
      if (receipt.confirmed.has(sha256)) {
        skipped += batch.size;
      } else {
        const reply = await client.send({
          method: "POST",
          path: `${collectionPath(collection.name)}/passages`,
          body: batch.body,
          schema: uploadedSchema,
        });
        current = reply.collection;
        mutationId = reply.mutation_id ?? undefined;
        uploaded += batch.size;
        await receipt.append({
          sha256,
          passages: batch.size,
          mutationId: mutationId ?? null,
          version: current.version,
          passageCount: current.passage_count,
        });
      }
      progress.advance(batch.size);
    }
  } finally {
    progress.finish();
  }
  return { collection: collection.name, uploaded, skipped, passageCount: current.passage_count, mutationId };
}

function collectionPath(name: string): string {
  return `/v1/admin/collections/${encodeURIComponent(name)}`;
}

async function findCollection(client: AdminClient, name: string): Promise<WireCollection | undefined> {
  const { data } = await client.send({ method: "GET", path: "/v1/admin/collections", schema: listSchema });
  return data.find((collection) => collection.name === name);
}

async function putCollection(
  client: AdminClient,
  { name, encoderFingerprint, encoderName, dims, similarity, fusion }: UploadCollectionOptions["collection"],
  before: WireCollection | undefined,
): Promise<WireCollection> {
  const wireFusion = fusion === undefined ? before?.fusion : toWireFusion(fusion);
  const body = JSON.stringify({
    encoder_fingerprint: encoderFingerprint,
    encoder_name: encoderName,
    dims,
    similarity,
    ...(wireFusion === undefined ? {} : { fusion: wireFusion }),
  });
  return await client.send({ method: "PUT", path: collectionPath(name), body, schema: collectionSchema });
}

interface Batch {
  readonly body: string;
  readonly size: number;
}

async function* toBatches(
  passages: UploadCollectionOptions["passages"],
  { collection: { encoderFingerprint, dims, name }, batchSize = 200 }: UploadCollectionOptions,
): AsyncGenerator<Batch> {
  const finish = (lines: readonly string[]): Batch => ({
    body: `{"encoder_fingerprint":${JSON.stringify(encoderFingerprint)},"passages":[${lines.join(",")}]}`,
    size: lines.length,
  });
  const limit = Math.min(batchSize, MAX_PASSAGES_PER_REQUEST);
  let lines: string[] = [];
  let bytes = 0;
  for await (const passage of passages) {
    if (passage.vector.length !== dims) {
      throw new AppError(
        "dims_mismatch",
        `the vector of passage "${passage.id}" has ${passage.vector.length} dimensions, collection "${name}" has ${dims}`,
      );
    }
    const line = toWirePassage(passage);
    const lineBytes = Buffer.byteLength(line);
    if (lines.length > 0 && (lines.length >= limit || bytes + lineBytes > MAX_BODY_BYTES)) {
      yield finish(lines);
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += lineBytes;
  }
  if (lines.length > 0) {
    yield finish(lines);
  }
}

function toWirePassage({ id, documentId, title, text, url, metadata, vector }: EncodedPassage): string {
  const values = Buffer.from(packVectors([vector], "float32")).toString("base64");
  return JSON.stringify({ id, document_id: documentId, title, text, url, metadata, values });
}
