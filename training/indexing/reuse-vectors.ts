import { copyFile, link, rm } from "node:fs/promises";
import { readVectorSetMeta, vectorSetFiles } from "../artifacts/vector-set.ts";
import type { VectorSetFacts } from "../artifacts/vector-set.ts";

/**
 * Finished vectors of another folder, hard-linked (copied, on another disk) into `to` when their identity (passages, encoder
 * and engine) is the wanted one: an encoder whose training kept the base's weights has the base's vectors.
 *
 * @returns `undefined`, and nothing written, when there are no such vectors.
 */
export async function reuseVectors(from: string, to: string, identity: string): Promise<VectorSetFacts | undefined> {
  const there = await readVectorSetMeta(from);
  if (there?.inputs["identity"] !== identity) {
    return undefined;
  }
  const source = vectorSetFiles(from, there.facts.dtype);
  const target = vectorSetFiles(to, there.facts.dtype);
  await linkOrCopy(source.vectors, target.vectors);
  await linkOrCopy(source.ids, target.ids);
  // Last: a folder without a meta file is not finished.
  await linkOrCopy(source.meta, target.meta);
  return there.facts;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
