import { existsSync } from "node:fs";
import { mkdir, realpath, rm, symlink } from "node:fs/promises";
import path from "node:path";

/** Makes `folder/corpus.jsonl` a link to a corpus: the same bytes and hash, and nothing copied. */
export async function linkCorpus(file: string, folder: string): Promise<void> {
  const corpus = await realpath(file);
  const link = path.join(folder, "corpus.jsonl");
  if (existsSync(link) && (await realpath(link)) === corpus) {
    return;
  }
  await mkdir(folder, { recursive: true });
  await rm(link, { force: true });
  await symlink(corpus, link);
}
