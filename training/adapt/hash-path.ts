import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { sha256File, sha256Hex } from "../artifacts/meta.ts";

/** What comes and goes beside artifacts and is none: locks, temporary files, and an interrupted command's own progress. */
const PASSING_PATTERN = /(?:\.lock|\.tmp)$/u;

/** sha256 of a file; of a folder, over the names and hashes of all files below it; undefined when there is neither. */
export async function hashPath(target: string): Promise<string | undefined> {
  const facts = await stat(target).catch(() => undefined); // a missing input is an answer here, and a broken link too
  if (facts === undefined) {
    return undefined;
  }
  if (!facts.isDirectory()) {
    return await sha256File(target);
  }
  const names = (await readdir(target)).filter((name) => !PASSING_PATTERN.test(name)).toSorted();
  const lines: string[] = [];
  for (const name of names) {
    lines.push(`${name} ${await hashPath(path.join(target, name))}`);
  }
  return sha256Hex(lines.join("\n"));
}
