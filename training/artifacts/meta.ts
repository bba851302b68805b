import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFileAtomic } from "./atomic-file.ts";

/** How an artifact came to be: what `<artifact>.meta.json` says. Never a secret, never a path outside of the options. */
export interface ArtifactMeta {
  /** The command that made it: "encode". */
  readonly stage: string;
  /** Raised when the layout of the artifact changes. */
  readonly schemaVersion: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** sha256 (hex) of what went in, by a short name: `{ corpus: "…", encoder: "…" }`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Counts, sizes, fingerprints: what a reader wants to know without opening the artifact. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Writes `<artifact>.meta.json`. No time of day in it: the same inputs give the same bytes. */
export async function writeMeta(artifact: string, meta: ArtifactMeta): Promise<void> {
  const versions = { node: process.versions.node };
  await writeFileAtomic(metaPath(artifact), `${JSON.stringify({ ...meta, versions }, undefined, 2)}\n`);
}

/** Where the meta file of an artifact (a file or a folder) is. */
export function metaPath(artifact: string): string {
  return `${artifact.replace(/\/+$/u, "")}.meta.json`;
}

/** sha256 (hex) of a file, streamed. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) {
    hash.update(piece as Buffer); // a read stream without an encoding yields Buffers
  }
  return hash.digest("hex");
}

/** sha256 (hex) of a text or of bytes. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
