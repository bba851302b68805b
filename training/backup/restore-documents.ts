import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { packVectors } from "../artifacts/vector-codec.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import type { BackedUpPassage } from "./backup-files.ts";
import { versionPageSchema } from "./wire.ts";
import type { versionSchema } from "./wire.ts";

/** Passages of a request, and bytes of it: the Worker takes 500 and 16 MiB. */
const MAX_PASSAGES = 250;
const MAX_BYTES = 6 << 20;

const restoredSchema = z.looseObject({ version: z.int() });

export interface RestoreDocumentsOptions {
  readonly client: AdminClient;
  /** Exists. */
  readonly collection: string;
  readonly encoderFingerprint: string;
  readonly documents: ReadonlyMap<number, z.output<typeof versionSchema>>;
  /** Those of a document stand together, in their order. */
  readonly passages: AsyncIterable<BackedUpPassage>;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** Sends the documents that the collection does not have yet; returns how many. */
export async function restoreDocuments(options: RestoreDocumentsOptions): Promise<number> {
  const { documents, passages, signal, progress: createProgress } = options;
  if (documents.size === 0) {
    return 0;
  }
  const known = await knownDigests(options);
  const progress = createProgress({ label: "restore", unit: "documents", total: documents.size });
  let restored = 0;
  try {
    for await (const group of byDocument(passages, documents)) {
      signal.throwIfAborted();
      if (known.get(group.document.document_id) !== group.document.digest) {
        await send(options, group);
        restored++;
      }
      progress.advance(1);
    }
  } finally {
    progress.finish();
  }
  return restored;
}

async function knownDigests({ client, collection }: RestoreDocumentsOptions): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (let after = 0; ;) {
    const page = await client.send({
      method: "GET",
      path: `${versionsPath(collection)}?limit=200&after=${after}`,
      schema: versionPageSchema,
    });
    for (const { document_id: id, digest, version } of page.data) {
      digests.set(id, digest);
      after = version;
    }
    if (!page.has_more) {
      return digests;
    }
  }
}

function versionsPath(collection: string): string {
  return `/v1/admin/collections/${encodeURIComponent(collection)}/versions`;
}

interface DocumentGroup {
  readonly document: z.output<typeof versionSchema>;
  readonly passages: readonly BackedUpPassage[];
}

async function* byDocument(
  passages: AsyncIterable<BackedUpPassage>,
  documents: RestoreDocumentsOptions["documents"],
): AsyncGenerator<DocumentGroup> {
  let group: BackedUpPassage[] = [];
  const take = (): DocumentGroup[] => {
    const document = documents.get(group[0]?.version ?? -1);
    return document === undefined ? [] : [{ document, passages: group }];
  };
  for await (const passage of passages) {
    if (group[0]?.version !== passage.version) {
      yield* take();
      group = [];
    }
    group.push(passage);
  }
  yield* take();
}

async function send(options: RestoreDocumentsOptions, { document, passages }: DocumentGroup): Promise<void> {
  const { client, collection, encoderFingerprint } = options;
  if (passages.length !== document.passage_count) {
    throw new AppError(
      "invalid_artifact",
      `the backup has ${passages.length} of the ${document.passage_count} passages of document ${JSON.stringify(document.document_id)}`,
    );
  }
  const { version: _version, passage_count: passageCount, created_at: _createdAt, ...facts } = document;
  let version: number | undefined;
  for (const { first, lines } of batches(passages)) {
    const head = {
      encoder_fingerprint: encoderFingerprint,
      document: facts,
      passage_count: passageCount,
      version,
      first_ordinal: first,
    };
    const body = `${JSON.stringify(head).slice(0, -1)},"passages":[${lines.join(",")}]}`;
    ({ version } = await client.send({
      method: "POST",
      path: versionsPath(collection),
      body,
      schema: restoredSchema,
    }));
  }
}

function* batches(
  passages: readonly BackedUpPassage[],
): Generator<{ readonly first: number; readonly lines: readonly string[] }> {
  let first = 0;
  let lines: string[] = [];
  let bytes = 0;
  for (const { title, text, vector } of passages) {
    const values = Buffer.from(packVectors([vector], "float32")).toString("base64");
    const line = JSON.stringify({ title, text, values });
    if (lines.length > 0 && (lines.length >= MAX_PASSAGES || bytes + line.length > MAX_BYTES)) {
      yield { first, lines };
      first += lines.length;
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += Buffer.byteLength(line);
  }
  yield { first, lines };
}
