import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { removeStaleTemporaries, writeFileAtomic } from "../artifacts/atomic-file.ts";
import { passageSchema } from "./wire.ts";

type WirePassage = z.output<typeof passageSchema>;

/** Where a passage stands among the parts. */
export interface PartEntry {
  readonly id: string;
  readonly file: string;
  /** In bytes, without the line's end. */
  readonly offset: number;
  readonly length: number;
}

export interface SavedParts {
  readonly count: number;
  readonly passages: number;
  /** Of the last passage. */
  readonly lastId: string | undefined;
}

/** What an earlier run of the same export left; parts of another one are removed. */
export async function savedParts(folder: string, identity: string): Promise<SavedParts> {
  const plan = path.join(folder, "plan.json");
  if (existsSync(plan) && (await readFile(plan, "utf8")) !== identity) {
    await rm(folder, { recursive: true });
  }
  await mkdir(folder, { recursive: true });
  await removeStaleTemporaries(folder);
  await writeFileAtomic(plan, identity);
  let passages = 0;
  let lastId: string | undefined;
  const files = await partFiles(folder);
  for (const file of files) {
    const lines = await readLinesOf(file);
    passages += lines.length;
    lastId = lines.at(-1)?.passage.id;
  }
  return { count: files.length, passages, lastId };
}

/** Keeps a page, whole or not at all. */
export async function savePart(folder: string, number: number, passages: readonly WirePassage[]): Promise<void> {
  await writeFileAtomic(
    path.join(folder, `${String(number).padStart(6, "0")}.jsonl`),
    passages.map((passage) => `${JSON.stringify(passage)}\n`),
  );
}

/** All passages of the parts, in the order in which they came to the collection. */
export async function readPartOrder(folder: string): Promise<readonly PartEntry[]> {
  const entries: (PartEntry & { readonly position: number })[] = [];
  for (const file of await partFiles(folder)) {
    for (const { passage, offset, length } of await readLinesOf(file)) {
      entries.push({ id: passage.id, position: passage.position, file, offset, length });
    }
  }
  return entries.toSorted((left, right) => left.position - right.position);
}

async function partFiles(folder: string): Promise<string[]> {
  return (await readdir(folder))
    .filter((name) => name.endsWith(".jsonl"))
    .toSorted()
    .map((name) => path.join(folder, name));
}

interface PartLine {
  readonly passage: WirePassage;
  readonly offset: number;
  readonly length: number;
}

async function readLinesOf(file: string): Promise<PartLine[]> {
  const bytes = await readFile(file);
  const lines: PartLine[] = [];
  for (let offset = 0, end = bytes.indexOf("\n"); end !== -1; offset = end + 1, end = bytes.indexOf("\n", offset)) {
    const passage = passageSchema.parse(JSON.parse(bytes.toString("utf8", offset, end)));
    lines.push({ passage, offset, length: end - offset });
  }
  return lines;
}
