import path from "node:path";
import { z } from "zod";
import type { ScoredPassage } from "../../src/retrieval/types.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { loadCorpus, readQueries } from "../artifacts/beir.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { checkTrecIds, toTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import { formatTable } from "../format-table.ts";
import { readFusion } from "../indexing/fusion-setting.ts";
import { corpusFile, corpusFlag } from "./corpus-flag.ts";
import { openEncoder } from "./encoder-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

/** Characters of a passage shown in the table. */
const EXCERPT_CHARACTERS = 90;

const options = z.strictObject({
  corpus: corpusFlag,
  query: z.string().optional().meta({ placeholder: "text", description: "one query" }),
  queries: z.string().optional().meta({ placeholder: "file", description: "queries.jsonl {_id, text}: many queries" }),
  ...retrievalFlags,
  topK: z.int().min(1).max(1000).default(10).meta({ description: "passages for each query" }),
  run: z.string().optional().meta({ placeholder: "file", description: "write a TREC run there instead of printing" }),
  json: z.boolean().default(false).describe("print one JSON line a query"),
});

/** `aar search`: the offline twin of `/v1/retrieve`. */
export const searchCommand = defineCommand({
  summary: "search a corpus: one query to a table, or a file of queries to a TREC run",
  description:
    "Exact search with the encoder, full-text search and fusion that serve. The corpus is encoded once and cached.",
  examples: [
    'search --corpus my-docs --query "how do I rotate a key?"',
    "search --corpus my-docs --queries my-docs/queries.jsonl --top-k 100 --run run.trec",
  ],
  options,
  async run(given, { print, log, progress, signal }) {
    const queries = await queriesOf(given);
    const fusion = await readFusion(given.fusion);
    const file = corpusFile(given.corpus);
    const passages = await loadCorpus(file, log);
    if (given.run !== undefined) {
      checkTrecIds(queries, passages);
    }
    const legs = await retrieveLegs({
      mode: given.mode,
      corpusFile: file,
      passages,
      queries,
      depth: Math.max(LEG_DEPTH, given.topK),
      loadEncoder: (runtime) => openEncoder(given, runtime),
      runtime: given.runtime,
      vectors: given.vectors,
      cache: given.cache,
      progress,
      signal,
    });
    const run = joinLegs(legs, { mode: given.mode, fusion, topK: given.topK });
    if (given.run !== undefined) {
      await writeFileAtomic(given.run, toTrecRun(run, `aar-${given.mode}`));
      print(JSON.stringify({ run: path.normalize(given.run), queries: run.size }));
      return;
    }
    const byId = new Map(passages.map((passage) => [passage.id, passage]));
    for (const line of given.json ? toJsonLines(run, queries, byId) : toTables(run, queries, byId)) {
      print(line);
    }
  },
});

interface SearchQuery {
  readonly id: string;
  readonly text: string;
}

async function queriesOf({ query, queries }: z.output<typeof options>): Promise<readonly SearchQuery[]> {
  if ((query === undefined) === (queries === undefined)) {
    throw new UsageError("give either --query or --queries");
  }
  if (queries !== undefined) {
    return await Array.fromAsync(readQueries(queries));
  }
  const text = query ?? "";
  if (text.trim() === "") {
    throw new UsageError("--query is empty");
  }
  return [{ id: "query", text }];
}

type PassagesById = ReadonlyMap<string, CorpusPassage>;

function* toTables(run: Run, queries: readonly SearchQuery[], passages: PassagesById): Generator<string> {
  for (const { id: queryId, text } of queries) {
    const found = run.get(queryId) ?? [];
    if (queries.length > 1) {
      yield `# ${queryId}: ${text}`;
    }
    yield found.length === 0
      ? "nothing found"
      : formatTable(
          ["passage", "rank", "score", ""],
          found.map((entry, index) => toRow(entry, index, passages)),
        );
  }
}

function toRow({ id, score }: ScoredPassage, index: number, passages: PassagesById): string[] {
  const { title = "", text = "" } = passages.get(id) ?? {};
  const words = [title, text].filter(Boolean).join(" · ").replaceAll(/\s+/gu, " ");
  const excerpt = words.length > EXCERPT_CHARACTERS ? `${words.slice(0, EXCERPT_CHARACTERS - 1)}…` : words;
  return [id, String(index + 1), score.toFixed(4), excerpt.padEnd(EXCERPT_CHARACTERS)];
}

function* toJsonLines(run: Run, queries: readonly SearchQuery[], passages: PassagesById): Generator<string> {
  for (const { id: queryId, text } of queries) {
    const found = (run.get(queryId) ?? []).map(({ id, score }, index) => {
      const passage = passages.get(id);
      return {
        id,
        rank: index + 1,
        score,
        title: passage?.title ?? "",
        text: passage?.text ?? "",
        url: passage?.url ?? "",
      };
    });
    yield JSON.stringify({ queryId, query: text, passages: found });
  }
}
