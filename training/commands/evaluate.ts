import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { checkJudgedPassages, loadCorpus, loadEvaluationSet } from "../artifacts/beir.ts";
import type { CorpusPassage, EvaluationSet } from "../artifacts/beir.ts";
import { checkTrecIds, readTrecRun, toTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import type { CommandContext } from "../define-command.ts";
import { comparePairs } from "../eval/compare-pairs.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import type { RunEvaluation } from "../eval/evaluate-run.ts";
import { DEFAULT_MEASURES, parseMeasure } from "../eval/measures.ts";
import { readPerQueryScores, writePerQueryScores } from "../eval/per-query-scores.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../eval/retrieve-legs.ts";
import { workerRun } from "../eval/worker-run.ts";
import { formatTable } from "../format-table.ts";
import { formatFusion, readFusion } from "../indexing/fusion-setting.ts";
import { formatComparisons } from "./comparison-table.ts";
import { openEncoder } from "./encoder-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";
import { openAdminClient } from "./worker-flags.ts";

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder: corpus.jsonl, queries.jsonl, qrels" }),
  split: z.string().default("test").meta({ placeholder: "name" }),
  ...retrievalFlags,
  measures: z
    .array(z.string())
    .default([...DEFAULT_MEASURES])
    .meta({ placeholder: "list", description: "nDCG@10, P(rel=2)@5, …" }),
  run: z.string().optional().meta({ placeholder: "file", description: "write the TREC run there" }),
  fromRun: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "measure this TREC run instead of searching; --mode is not used" }),
  url: z.string().optional().meta({
    placeholder: "url",
    description:
      "ask a running Worker instead of searching here: its base URL; --mode and --top-k (100 at most) are passed on",
  }),
  collection: z.string().optional().meta({ placeholder: "name", description: "with --url" }),
  useAdapter: z.string().optional().meta({
    placeholder: "name",
    description: "with --url: a loaded query adapter, or none; default: the collection's",
  }),
  perQuery: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "write the scores of every query there (JSONL)" }),
  compare: z.array(z.string()).default([]).meta({
    placeholder: "files",
    description:
      "--per-query files of other runs: differences, intervals, paired test, Holm's correction over the files",
  }),
  seed: z.int().min(0).default(0).meta({ description: "of the intervals and of the paired test" }),
  json: z.boolean().default(false).describe("print one JSON object"),
});
type Options = z.output<typeof options>;

/** `aar evaluate`: exact retrieval over a judged corpus and its measures. */
export const evaluateCommand = defineCommand({
  summary: "retrieval measures of an encoder on a BEIR-style folder",
  description: `Dense search is exact over all passages; lexical search and fusion are the Worker's own code. Judgments come from
qrels/<split>.tsv, or from qrels.tsv and the field split of queries.jsonl. A judged query that finds nothing counts as 0;
a query without judgments is left out. Encodings are cached and reused.

A comparison is over the same queries: a paired permutation test (exact where few queries differ), a bootstrap interval
over queries, and Holm's correction over the runs compared.

With --url the same questions go to a running Worker, whose collection has to hold the same passages: what its users get, before and
after an adapter. Its key is read from AAR_ADMIN_KEY.`,
  examples: [
    "evaluate --data ../nfcorpus --split test --mode dense",
    "evaluate --data ../nfcorpus --mode hybrid --fusion rrf:60 --json",
    "evaluate --data ../nfcorpus --mode dense --encoder ../models/other --max-length 128 --per-query other.jsonl",
    "evaluate --data ../nfcorpus --from-run theirs.trec --compare base.jsonl,other.jsonl",
    "evaluate --data my-docs --url http://localhost:8787 --collection docs --use-adapter none --per-query before.jsonl",
  ],
  options,
  async run(given, context) {
    const { print, log } = context;
    const measures = given.measures.map(parseMeasure);
    const fusion = await readFusion(given.fusion);
    const others = await Promise.all(
      given.compare.map(async (name) => ({ name, theirs: await readPerQueryScores(name) })),
    );
    const set = await loadEvaluationSet(given.data, given.split);
    const passages = await loadCorpus(path.join(given.data, "corpus.jsonl"), log);
    const texts = new Map(passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
    checkJudgedPassages(set.qrels, texts, log);
    if (given.run !== undefined) {
      checkTrecIds(set.queries, passages);
    }
    const isSearched = given.fromRun === undefined && given.url === undefined;
    const legs = isSearched ? await searchLegs(given, { set, passages, context }) : undefined;
    const run =
      legs === undefined
        ? await readForeignRun(given, { set, texts, context })
        : joinLegs(legs, { mode: given.mode, fusion, topK: given.topK });
    const evaluation = evaluateRun({ run, set, measures, passageText: (id) => texts.get(id) });
    if (given.run !== undefined) {
      await writeFileAtomic(given.run, toTrecRun(run, `aar-${given.mode}`));
    }
    if (given.perQuery !== undefined) {
      await writePerQueryScores(given.perQuery, evaluation.perQuery);
    }
    const pairs = others.map((other) => ({ ...other, ours: evaluation.perQuery }));
    const comparison = comparePairs(pairs, { seed: given.seed });
    const report = describeRun(given, { legs, evaluation, fusion: formatFusion(fusion), passages: passages.length });
    if (given.json) {
      print(JSON.stringify(comparison.length === 0 ? report : { ...report, comparison }, undefined, 2));
      return;
    }
    log(describeInWords(report));
    print(
      formatTable(
        ["measure", "mean", "n"],
        evaluation.means.map(({ measure, mean, n }) => [measure, mean.toFixed(4), String(n)]),
      ),
    );
    if (comparison.length > 0) {
      print(`\nminus each of the others:\n${formatComparisons(comparison)}`);
    }
  },
});

interface SearchLegsOptions {
  readonly set: EvaluationSet;
  readonly passages: readonly CorpusPassage[];
  readonly context: CommandContext;
}

async function searchLegs(given: Options, { set, passages, context }: SearchLegsOptions): Promise<RetrievedLegs> {
  return await retrieveLegs({
    mode: given.mode,
    corpusFile: path.join(given.data, "corpus.jsonl"),
    passages,
    queries: set.queries,
    depth: Math.max(LEG_DEPTH, given.topK),
    loadEncoder: (runtime) => openEncoder(given, runtime),
    runtime: given.runtime,
    vectors: given.vectors,
    cache: given.cache,
    progress: context.progress,
    signal: context.signal,
  });
}

interface ForeignRunOptions {
  readonly set: EvaluationSet;
  readonly texts: { has(id: string): boolean };
  readonly context: CommandContext;
}

/** A run of a Worker or of another system, cut at `topK`; one for other queries or of another corpus is refused. */
async function readForeignRun(given: Options, { set, texts, context }: ForeignRunOptions): Promise<Run> {
  const { fromRun = "", url, topK } = given;
  const source = url ?? fromRun;
  const run = url === undefined ? await readTrecRun(fromRun) : await askWorker({ ...given, url }, set, context);
  const wanted = new Set(set.queries.map(({ id }) => id));
  const own = [...run].filter(([queryId]) => wanted.has(queryId));
  if (own.length === 0) {
    throw new AppError(
      "invalid_artifact",
      `${source} ranks nothing for any of the ${wanted.size} queries of the split`,
    );
  }
  const ids = own.flatMap(([, found]) => found.map(({ id }) => id));
  const stray = ids.filter((id) => !texts.has(id));
  if (ids.length > 0 && stray.length === ids.length) {
    throw new AppError("invalid_artifact", `${source}: no passage of it is in the corpus, "${stray[0]}" for one`);
  }
  if (stray.length > 0) {
    context.log(`${source}: ${stray.length} of ${ids.length} passages are not in the corpus, as "${stray[0]}"`);
  }
  return new Map(own.map(([queryId, found]) => [queryId, found.slice(0, topK)]));
}

async function askWorker(
  { url, collection, mode, topK, useAdapter, fromRun }: Options & { readonly url: string },
  { queries }: EvaluationSet,
  { env, signal, progress }: CommandContext,
): Promise<Run> {
  if (collection === undefined || fromRun !== undefined) {
    throw new UsageError("--url needs --collection, the Worker's name of the passages, and no --from-run");
  }
  const adapter = useAdapter === "none" ? null : useAdapter;
  const client = openAdminClient(url, { env, signal });
  return await workerRun({ client, collection, mode, adapter, queries, topK, progress });
}

interface RunFacts {
  /** Undefined when the run was read from a file. */
  readonly legs: RetrievedLegs | undefined;
  readonly evaluation: RunEvaluation;
  readonly fusion: string;
  readonly passages: number;
}

function describeRun(given: Options, { legs, evaluation, fusion, passages }: RunFacts) {
  const { data, split, topK, runtime, fromRun, url, useAdapter } = given;
  const { means, emptyQueries, unjudgedQueries, perQuery } = evaluation;
  const encoder = legs?.encoder;
  const mode = fromRun === undefined ? given.mode : `run ${path.basename(fromRun)}`;
  const worker = url === undefined ? {} : { worker: url, adapter: useAdapter ?? "the collection's" };
  return {
    data: path.basename(path.resolve(data)),
    split,
    mode,
    topK,
    ...worker,
    ...(mode === "hybrid" && url === undefined ? { fusion } : {}),
    ...(encoder === undefined
      ? {}
      : {
          encoder: {
            name: encoder.manifest.name,
            fingerprint: encoder.fingerprint,
            maxPassageLength: encoder.manifest.maxPassageLength,
            runtime,
          },
        }),
    passages,
    queries: perQuery.size,
    emptyQueries,
    unjudgedQueries,
    measures: Object.fromEntries(means.map(({ measure, mean, n }) => [measure, { mean, n }])),
  };
}

function describeInWords(report: ReturnType<typeof describeRun>): string {
  const { data, split, mode, worker, adapter, encoder, fusion, queries, passages } = report;
  const { emptyQueries, unjudgedQueries } = report;
  const parts = [
    `${data} ${split}, ${mode}`,
    ...(worker === undefined ? [] : [`${worker}, adapter: ${adapter}`]),
    ...(fusion === undefined ? [] : [fusion]),
    ...(encoder === undefined ? [] : [`${encoder.name} at ${encoder.maxPassageLength} tokens`]),
    `${queries} queries, ${passages} passages`,
    ...(emptyQueries === 0 ? [] : [`${emptyQueries} queries found nothing and count as 0`]),
    ...(unjudgedQueries === 0 ? [] : [`${unjudgedQueries} queries have no judgment and are left out`]),
  ];
  return parts.join("; ");
}
