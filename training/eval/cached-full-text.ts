import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { createFullTextTable } from "../../src/retrieval/full-text-table.ts";
import type { ScoredPassage } from "../../src/retrieval/types.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { sha256File, sha256Hex } from "../artifacts/meta.ts";
import { openNodeSqliteDatabase } from "../artifacts/node-sqlite-database.ts";
import { buildPassageDatabase } from "../indexing/build-passage-database.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { PostingSearch } from "./posting-search.ts";

const MIGRATIONS = path.join(import.meta.dirname, "../../src/platform/migrations");

/** Name of the one collection in a cached file. */
const FULL_TEXT_COLLECTION = "corpus";

export interface CachedFullTextOptions {
  readonly cache: string;
  readonly corpusFile: string;
  readonly passages: readonly CorpusPassage[];
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** An open text index; close it after use. */
export interface FullText {
  /** The `depth` best passages by the Worker's full-text score, best first. */
  readonly search: (query: string, depth: number) => Promise<readonly ScoredPassage[]>;
  readonly close: () => void;
}

/** Full-text search over a corpus, indexed at most once for each corpus and table layout. */
export async function openCachedFullText(options: CachedFullTextOptions): Promise<FullText> {
  const { cache, corpusFile, passages, progress, signal } = options;
  const file = path.join(
    cache,
    `text-${sha256Hex(JSON.stringify([await sha256File(corpusFile), await layout()]))}.sqlite`,
  );
  if (!existsSync(file)) {
    await buildPassageDatabase({
      file,
      // The lexical leg reads nothing of the collection but its name.
      collection: {
        name: FULL_TEXT_COLLECTION,
        encoderFingerprint: "none",
        encoderName: "none",
        dims: 1,
        similarity: "cosine",
        fusion: { method: "rrf", rrfK: 60 },
      },
      passages,
      progress,
      signal,
    });
  }
  const database = await openNodeSqliteDatabase(file);
  const index = await PostingSearch.open(database, FULL_TEXT_COLLECTION);
  return {
    search: (query, depth) => index.search(query, depth),
    close: () => {
      database.close();
    },
  };
}

/** What the tables are made of: a change of it must not meet a file of the old layout. */
async function layout(): Promise<string[]> {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();
  const migrations = await Promise.all(files.map((name) => readFile(path.join(MIGRATIONS, name), "utf8")));
  return [...migrations, createFullTextTable(1).sql];
}
