import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";

export interface WritePartsOptions {
  readonly folder: string;
  /** `vectors` gives `vectors-00001.ndjson`. */
  readonly stem: string;
  readonly extension: string;
  readonly maxPieces: number;
  readonly maxBytes: number;
}

/** A file of a set that is too large for one. */
export interface Part {
  readonly file: string;
  readonly pieces: number;
  readonly bytes: number;
}

/** Writes pieces (lines, statements) in their order into numbered files within bounds; parts of an earlier run go. */
export async function writeParts(
  pieces: Iterable<string> | AsyncIterable<string>,
  { folder, stem, extension, maxPieces, maxBytes }: WritePartsOptions,
): Promise<Part[]> {
  const parts: Part[] = [];
  let held: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const name = `${stem}-${String(parts.length + 1).padStart(5, "0")}.${extension}`;
    await writeFileAtomic(path.join(folder, name), held);
    parts.push({ file: path.join(folder, name), pieces: held.length, bytes });
    held = [];
    bytes = 0;
  };
  for await (const piece of pieces) {
    const size = Buffer.byteLength(piece);
    if (held.length > 0 && (held.length >= maxPieces || bytes + size > maxBytes)) {
      await flush();
    }
    held.push(piece);
    bytes += size;
  }
  if (held.length > 0) {
    await flush();
  }
  await removeOthers(folder, { stem, extension, kept: new Set(parts.map(({ file }) => path.basename(file))) });
  return parts;
}

async function removeOthers(
  folder: string,
  { stem, extension, kept }: { readonly stem: string; readonly extension: string; readonly kept: ReadonlySet<string> },
): Promise<void> {
  const isPart = new RegExp(String.raw`^${stem}-\d{5}\.${extension}$`, "u");
  for (const name of await readdir(folder)) {
    if (isPart.test(name) && !kept.has(name)) {
      await rm(path.join(folder, name));
    }
  }
}
