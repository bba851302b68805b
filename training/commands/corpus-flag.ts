import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

/** `--corpus`, of every command that reads passages. */
export const corpusFlag = z
  .string()
  .meta({ placeholder: "path", description: "corpus.jsonl, or a folder that has one" });

/** The file that `--corpus` means. */
export function corpusFile(given: string): string {
  return existsSync(given) && statSync(given).isDirectory() ? path.join(given, "corpus.jsonl") : given;
}
