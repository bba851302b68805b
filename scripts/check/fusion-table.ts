import { existsSync } from "node:fs";
/**
 * How hybrid retrieval fares on the sets of ../shared against its own legs, by ways to choose how they are joined:
 *
 *   node scripts/check/fusion-table.ts [--vectors DIR] [--encoder DIR] [--limit 1000] [--only nq,popqa] [--json]
 *
 * Of each set: nDCG@10 of both legs, reciprocal rank fusion, the default (which has seen no question of any test), and what
 * `fit-fusion` finds on the set's own development questions, where it has some. `--vectors` has folders of `aar encode` named
 * as the corpora; what is missing there is encoded and cached. A set with more test questions is sampled by a hash of their ids.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { loadCorpus, loadEvaluationSet } from "../../training/artifacts/beir.ts";
import type { CorpusPassage, EvaluationSet } from "../../training/artifacts/beir.ts";
import { hashFraction } from "../../training/artifacts/hash-split.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { evaluateRun } from "../../training/eval/evaluate-run.ts";
import { fitFusion } from "../../training/eval/fit-fusion.ts";
import { parseMeasure } from "../../training/eval/measures.ts";
import { joinLegs, retrieveLegs } from "../../training/eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../../training/eval/retrieve-legs.ts";
import { formatTable } from "../../training/format-table.ts";
import { formatFusion } from "../../training/indexing/fusion-setting.ts";
import { createProgress } from "../../training/progress.ts";

const DATA = path.resolve(import.meta.dirname, "../../../shared/data");
const DEPTH = 100;
const MEASURE = parseMeasure("nDCG@10");

interface SetChoice {
  readonly name: string;
  readonly corpus: string;
  readonly test: string;
  /** Development questions for the fit; never a test split. */
  readonly dev?: string;
  /** Questions whose id begins so. */
  readonly prefix?: string;
  /** Grade from which a passage counts; PopQA's object pages have 1. */
  readonly minGrade?: number;
}

/** Those of BASELINES.md. */
const SETS: readonly SetChoice[] = [
  { name: "nfcorpus", corpus: "nfcorpus", test: "test", dev: "dev" },
  { name: "fairytaleqa", corpus: "fairytaleqa", test: "test", dev: "val" },
  { name: "bioasq", corpus: "bioasq_7b_11b", test: "test", dev: "train" },
  { name: "nq", corpus: "wiki_all", test: "test", dev: "dev", prefix: "nq_passages/" },
  { name: "popqa", corpus: "wiki_all", test: "test", prefix: "popqa/", minGrade: 2 },
  { name: "xquad", corpus: "wiki_all", test: "test", prefix: "xquad_en/" },
  { name: "hotpotqa", corpus: "wiki_all", test: "test", dev: "dev", prefix: "hotpotqa_small/" },
  { name: "dl19", corpus: "msmarco_dl19_dl20", test: "dl19" },
  { name: "dl20", corpus: "msmarco_dl19_dl20", test: "dl20" },
];

const { values: flags } = parseArgs({
  options: {
    vectors: { type: "string" },
    encoder: { type: "string", default: path.resolve(import.meta.dirname, "../../src/assets/encoder") },
    limit: { type: "string", default: "1000" },
    cache: { type: "string", default: ".aar/cache" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
if (!existsSync(DATA)) {
  process.stderr.write(`${DATA} is not there: nothing to compare on\n`);
  process.exit(1);
}
const wanted = flags.only?.split(",");
const rows: Row[] = [];
for (const choice of SETS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  rows.push(await compare(choice));
  process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
}
process.stdout.write(`${flags.json ? JSON.stringify(rows) : toTable(rows)}\n`);

interface Row {
  readonly set: string;
  readonly questions: number;
  readonly dense: number;
  readonly lexical: number;
  readonly rrf: number;
  readonly default: number;
  readonly fitted?: { readonly fusion: string; readonly score: number; readonly devQuestions: number };
}

async function compare(choice: SetChoice): Promise<Row> {
  const folder = path.join(DATA, choice.corpus);
  const passages = await loadCorpus(path.join(folder, "corpus.jsonl"));
  const test = await loadSet(folder, choice.test, choice);
  const legs = await retrieve(choice, passages, test);
  const score = (fusion: FusionSettings, mode: "dense" | "lexical" | "hybrid" = "hybrid"): number => {
    const run = joinLegs(legs, { mode, fusion, topK: DEPTH });
    return evaluateRun({ run, set: test, measures: [MEASURE], passageText: () => undefined }).means[0]?.mean ?? 0;
  };
  const row = {
    set: choice.name,
    questions: test.queries.length,
    dense: score(DEFAULT_FUSION, "dense"),
    lexical: score(DEFAULT_FUSION, "lexical"),
    rrf: score({ method: "rrf", rrfK: 60 }),
    default: score(DEFAULT_FUSION),
  };
  if (choice.dev === undefined) {
    return row;
  }
  const dev = await loadSet(folder, choice.dev, choice);
  const { best } = fitFusion({ legs: await retrieve(choice, passages, dev), set: dev, measure: MEASURE, topK: DEPTH });
  const fitted = { fusion: formatFusion(best.fusion), score: score(best.fusion), devQuestions: dev.queries.length };
  return { ...row, fitted };
}

async function loadSet(
  folder: string,
  split: string,
  { prefix = "", minGrade = 1 }: SetChoice,
): Promise<EvaluationSet> {
  const { queries, qrels } = await loadEvaluationSet(folder, split);
  const chosen = queries
    .filter(({ id }) => id.startsWith(prefix))
    .map((query) => ({ query, fraction: hashFraction(query.id) }))
    .toSorted((a, b) => a.fraction - b.fraction)
    .slice(0, Number(flags.limit))
    .map(({ query }) => query);
  const judged = chosen.map(({ id }) => {
    const grades = [...(qrels.get(id) ?? [])].filter(([, grade]) => grade >= minGrade);
    return [id, new Map(grades)] as const;
  });
  return { queries: chosen, qrels: new Map(judged) };
}

async function retrieve(
  { corpus }: SetChoice,
  passages: readonly CorpusPassage[],
  { queries }: EvaluationSet,
): Promise<RetrievedLegs> {
  const vectors = [corpus, `${corpus}-fp32-128`, `${corpus.replace(/_7b_11b$/u, "")}-fp32-128`]
    .map((name) => path.join(flags.vectors ?? "", name))
    .find((candidate) => flags.vectors !== undefined && existsSync(path.join(candidate, "vectors.meta.json")));
  return await retrieveLegs({
    mode: "hybrid",
    corpusFile: path.join(DATA, corpus, "corpus.jsonl"),
    passages,
    queries,
    depth: DEPTH,
    loadEncoder: (runtime) => loadEncoder(flags.encoder, { runtime, maxPassageLength: 128 }),
    runtime: "node",
    vectors,
    cache: flags.cache,
    progress: (options) => createProgress({ ...options, stream: process.stderr }),
    signal: new AbortController().signal,
  });
}

/** A hybrid's score with its distance from the better leg. */
function toTable(table: readonly Row[]): string {
  const against = (value: number, { dense, lexical }: Row): string => {
    const relative = 100 * (value / Math.max(dense, lexical) - 1);
    return `${value.toFixed(4)} (${relative < 0 ? "" : "+"}${relative.toFixed(1)} %)`;
  };
  return formatTable(
    ["set", "n", "dense", "lexical", "rrf:60", `default ${formatFusion(DEFAULT_FUSION)}`, "fitted on dev"],
    table.map((row) => [
      row.set,
      String(row.questions),
      row.dense.toFixed(4),
      row.lexical.toFixed(4),
      against(row.rrf, row),
      against(row.default, row),
      row.fitted === undefined
        ? "no dev"
        : `${against(row.fitted.score, row)} ${row.fitted.fusion} n=${row.fitted.devQuestions}`,
    ]),
  );
}
