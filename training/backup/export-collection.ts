import { existsSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { removeStaleTemporaries, writeFileAtomic } from "../artifacts/atomic-file.ts";
import { withFolderLock } from "../artifacts/folder-lock.ts";
import { sha256File, sha256Hex, writeMeta } from "../artifacts/meta.ts";
import { VECTOR_SET_VERSION, vectorSetFiles } from "../artifacts/vector-set.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { BACKUP_VERSION, backupFiles, describeFile } from "./backup-files.ts";
import type { BackupManifest } from "./backup-files.ts";
import { readPartOrder, savePart, savedParts } from "./backup-parts.ts";
import type { PartEntry } from "./backup-parts.ts";
import { collectionSchema, labelsSchema, passagePageSchema, passageSchema, versionPageSchema } from "./wire.ts";

/** Passages named in the message when their vectors are missing; the rest are counted. */
const NAMED = 5;

export interface ExportOptions {
  readonly client: AdminClient;
  /** Base URL of the Worker: another one's parts are not gone on with. */
  readonly url: string;
  readonly collection: string;
  /** Folder that gets the backup. */
  readonly output: string;
  /** Passages of a request, at most 200. */
  readonly pageSize: number;
  /** Go on when the collection is written to meanwhile. */
  readonly allowChanges: boolean;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/**
 * Reads a collection out of a Worker, page by page, into a folder. A killed run goes on where it was, as long as nobody has
 * written to the collection since. The folder is a corpus with its vectors, too: `search`, `evaluate` and `upload` take it.
 *
 * @throws AppError `unknown_collection`; `invalid_artifact` when passages have no vector, the folder holds another backup, or
 *   the collection changed (unless `allowChanges`).
 */
export async function exportCollection(options: ExportOptions): Promise<BackupManifest> {
  const { output } = options;
  return await withFolderLock(output, async () => {
    const { manifest } = backupFiles(output);
    if (existsSync(manifest)) {
      throw new AppError("invalid_artifact", `${output} holds a backup already; choose another --output`);
    }
    await removeStaleTemporaries(output);
    return await exportLocked(options);
  });
}

type WireCollection = z.output<typeof collectionSchema>;

async function exportLocked(options: ExportOptions): Promise<BackupManifest> {
  const { client, collection: name, output, allowChanges, url } = options;
  const before = await findCollection(client, name);
  const identity = sha256Hex(JSON.stringify([url, before, allowChanges]));
  const after = await readAllPages(options, { before, identity });
  const isConsistent = before.version === after.version;
  if (!isConsistent && !allowChanges) {
    await rm(partsFolder(output), { recursive: true });
    throw new AppError(
      "invalid_artifact",
      `collection "${name}" was written to while it was exported (version ${before.version} became ${after.version}); run the command again when nothing is being ingested, or take what comes with --allow-changes`,
    );
  }
  return await finish(options, { collection: after, isConsistent });
}

function partsFolder(output: string): string {
  return path.join(output, "parts");
}

/** The collection as the last page shows it. */
async function readAllPages(
  { client, collection, output, pageSize, progress: createProgress, signal }: ExportOptions,
  { before, identity }: { readonly before: WireCollection; readonly identity: string },
): Promise<WireCollection> {
  const parts = await savedParts(partsFolder(output), identity);
  const progress = createProgress({
    label: "export",
    unit: "passages",
    total: before.passage_count,
    start: parts.passages,
  });
  try {
    let { lastId, count } = parts;
    for (;;) {
      signal.throwIfAborted();
      const query = new URLSearchParams({
        limit: String(pageSize),
        ...(lastId === undefined ? {} : { after: lastId }),
      });
      const page = await client.send({
        method: "GET",
        path: `${collectionPath(collection)}/passages?${query.toString()}`,
        schema: passagePageSchema,
      });
      assertVectors(page.data);
      if (page.data.length > 0) {
        await savePart(partsFolder(output), count, page.data);
        count++;
        progress.advance(page.data.length);
      }
      lastId = page.last_id ?? lastId;
      if (!page.has_more) {
        return page.collection;
      }
    }
  } finally {
    progress.finish();
  }
}

function collectionPath(name: string): string {
  return `/v1/admin/collections/${encodeURIComponent(name)}`;
}

async function findCollection(client: AdminClient, name: string): Promise<WireCollection> {
  return await client.send({ method: "GET", path: collectionPath(name), schema: collectionSchema });
}

function assertVectors(passages: readonly z.output<typeof passageSchema>[]): void {
  const without = passages.filter(({ values }) => values === null);
  if (without.length > 0) {
    const names = without.slice(0, NAMED).map(({ id }) => JSON.stringify(id.slice(0, 80)));
    throw new AppError(
      "invalid_artifact",
      `${without.length} passages have no vector in the index: ${names.join(", ")}${without.length > NAMED ? ", …" : ""}. If they were just written, wait two minutes and run the command again; else see \`aar doctor\``,
      { isRetryable: true },
    );
  }
}

interface Finished {
  readonly collection: WireCollection;
  readonly isConsistent: boolean;
}

/** Parts are in the order of ids; the backup is in the order in which the passages came. */
async function finish(options: ExportOptions, { collection, isConsistent }: Finished): Promise<BackupManifest> {
  const { client, output, collection: name } = options;
  const files = backupFiles(output);
  const order = await readPartOrder(partsFolder(output));
  const documents = await readVersions(options);
  await writeFileAtomic(files.corpus, corpusLines(order, new Set(documents.map(({ version }) => version))));
  await writeFileAtomic(files.vectors, vectorBytes(order, collection));
  await writeFileAtomic(
    files.documents,
    documents.map((document) => `${JSON.stringify(document)}\n`),
  );
  await writeVectorSet(output, { order, collection });
  const { display_name: displayName, metadata } = await client.send({
    method: "GET",
    path: `/v1/collections/${encodeURIComponent(name)}`,
    schema: labelsSchema,
  });
  const names = [files.corpus, files.documents, files.vectors];
  const manifest: BackupManifest = {
    schemaVersion: BACKUP_VERSION,
    collection: {
      name,
      displayName,
      metadata,
      encoderFingerprint: collection.encoder_fingerprint,
      encoderName: collection.encoder_name,
      dims: collection.dims,
      similarity: collection.similarity,
      fusion: collection.fusion,
      version: collection.version,
    },
    passages: order.length,
    documents: documents.length,
    isConsistent,
    files: Object.fromEntries(
      await Promise.all(names.map(async (file) => [path.basename(file), await describeFile(file)] as const)),
    ),
  };
  await writeFileAtomic(files.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await rm(partsFolder(output), { recursive: true, force: true });
  return manifest;
}

async function readVersions({ client, collection, pageSize }: ExportOptions): Promise<WireVersion[]> {
  const versions: WireVersion[] = [];
  for (;;) {
    const after = versions.at(-1)?.version ?? 0;
    const page = await client.send({
      method: "GET",
      path: `${collectionPath(collection)}/versions?limit=${pageSize}&after=${after}`,
      schema: versionPageSchema,
    });
    versions.push(...page.data);
    if (!page.has_more) {
      return versions;
    }
  }
}

type WireVersion = z.output<typeof versionPageSchema>["data"][number];

/** A version that is not live any more, with `--allow-changes`, is left out: its passages come as uploaded ones. */
async function* corpusLines(order: readonly PartEntry[], live: ReadonlySet<number>): AsyncGenerator<string> {
  for await (const { id, title, text, url, metadata, ...passage } of readEntries(order)) {
    const version = passage.version !== null && live.has(passage.version) ? { version: passage.version } : {};
    const line = { _id: id, title, text, url, document_id: passage.document_id, metadata, ...version };
    yield `${JSON.stringify(line)}\n`;
  }
}

async function* vectorBytes(order: readonly PartEntry[], { dims }: WireCollection): AsyncGenerator<Uint8Array> {
  for await (const { id, values } of readEntries(order)) {
    const bytes = Buffer.from(values ?? "", "base64");
    if (bytes.byteLength !== dims * 4) {
      throw new AppError(
        "dims_mismatch",
        `the vector of passage ${JSON.stringify(id)} has ${bytes.byteLength} bytes, expected ${dims * 4} (${dims} dimensions)`,
      );
    }
    yield bytes;
  }
}

async function* readEntries(order: readonly PartEntry[]): AsyncGenerator<z.output<typeof passageSchema>> {
  const handles = new Map<string, Awaited<ReturnType<typeof open>>>();
  try {
    for (const { file, offset, length } of order) {
      const handle = handles.get(file) ?? (await open(file, "r"));
      handles.set(file, handle);
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, offset);
      yield passageSchema.parse(JSON.parse(bytes.toString("utf8")));
    }
  } finally {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
  }
}

interface VectorSetInputs {
  readonly order: readonly PartEntry[];
  readonly collection: WireCollection;
}

/** What makes the folder one that commands take as `--vectors`. */
async function writeVectorSet(output: string, { order, collection }: VectorSetInputs): Promise<void> {
  const { ids, vectors } = vectorSetFiles(output, "float32");
  await writeFileAtomic(
    ids,
    order.map(({ id }) => `${id}\n`),
  );
  await writeMeta(path.join(output, "vectors"), {
    stage: "export",
    schemaVersion: VECTOR_SET_VERSION,
    options: {},
    inputs: { corpus: await sha256File(backupFiles(output).corpus) },
    facts: {
      encoderName: collection.encoder_name,
      encoderFingerprint: collection.encoder_fingerprint,
      dims: collection.dims,
      similarity: collection.similarity,
      dtype: "float32",
      count: order.length,
      vectorsSha256: await sha256File(vectors),
      idsSha256: sha256Hex(await readFile(ids)),
    },
  });
}
