import type { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import { unpackVectors } from "../artifacts/vector-codec.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { readPassages } from "./backup-files.ts";
import type { BackupManifest } from "./backup-files.ts";
import { passagePageSchema } from "./wire.ts";
import type { passageSchema } from "./wire.ts";

/** A vector that went through JSON and back; float32 has seven digits. */
const TOLERANCE = 1e-6;

/** Vectorize shows a write within two minutes, as a rule; the queue may have some documents still. */
const LOOKS = 60;
const WAIT_MS = 5_000;

const PAGE = 200;

export interface VerifyOptions {
  readonly client: AdminClient;
  readonly backup: string;
  readonly collection: string;
  readonly manifest: BackupManifest;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Reads a collection back until every passage of the backup is there, text and vector, and returns their number. Ids are not
 * compared: those of ingested documents name the version.
 * @throws AppError `invalid_artifact` when some are still missing after five minutes.
 */
export async function verifyCollection(options: VerifyOptions): Promise<number> {
  const { manifest, sleep, signal } = options;
  let missing = manifest.passages;
  for (let look = 0; look < LOOKS; look++) {
    missing = await countMissing(options);
    if (missing === 0) {
      return manifest.passages;
    }
    signal.throwIfAborted();
    await sleep(WAIT_MS);
  }
  throw new AppError(
    "invalid_artifact",
    `${missing} of ${manifest.passages} passages of the backup are not in collection "${options.collection}" as they were; run the command again, and see \`aar doctor\``,
  );
}

async function countMissing(options: VerifyOptions): Promise<number> {
  const { backup, manifest, progress: createProgress } = options;
  const wanted = new Map<string, Float32Array[]>();
  for await (const { vector, ...content } of readPassages(backup, manifest)) {
    const key = keyOf(content);
    wanted.set(key, [...(wanted.get(key) ?? []), vector.slice()]);
  }
  const progress = createProgress({ label: "verify", unit: "passages", total: manifest.passages });
  let found = 0;
  try {
    for await (const { values, ...passage } of readBack(options)) {
      const vectors = wanted.get(keyOf(passage)) ?? [];
      const index = vectors.findIndex((vector) => isSame(vector, values));
      if (index !== -1) {
        vectors.splice(index, 1);
        found++;
        progress.advance(1);
      }
    }
  } finally {
    progress.finish();
  }
  return manifest.passages - found;
}

function keyOf({
  document_id: id,
  title,
  text,
  url,
  metadata,
}: Pick<z.output<typeof passageSchema>, "document_id" | "title" | "text" | "url" | "metadata">): string {
  return sha256Hex(JSON.stringify([id, title, text, url, metadata]));
}

function isSame(expected: Float32Array, values: string | null): boolean {
  const bytes = Buffer.from(values ?? "", "base64");
  if (bytes.byteLength !== expected.length * 4) {
    return false;
  }
  const actual = new Float32Array(expected.length);
  unpackVectors(bytes, { dtype: "float32", dims: expected.length, into: actual });
  return expected.every((value, index) => Math.abs(value - (actual[index] ?? Infinity)) <= TOLERANCE);
}

async function* readBack({ client, collection }: VerifyOptions): AsyncGenerator<z.output<typeof passageSchema>> {
  let after = "";
  for (;;) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(after === "" ? {} : { after }) });
    const page = await client.send({
      method: "GET",
      path: `/v1/admin/collections/${encodeURIComponent(collection)}/passages?${query.toString()}`,
      schema: passagePageSchema,
    });
    yield* page.data;
    after = page.last_id ?? after;
    if (!page.has_more) {
      return;
    }
  }
}
