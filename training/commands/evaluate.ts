import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { checkJudgedPassages, loadCorpus, loadEvaluationSet } from "../artifacts/beir.ts";
import { toJsonl } from "../artifacts/jsonl.ts";
import { checkTrecIds, toTrecRun } from "../artifacts/trec.ts";
import { defineCommand } from "../define-command.ts";
import { compareScores, readPerQueryScores } from "../eval/compare-scores.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import type { RunEvaluation } from "../eval/evaluate-run.ts";
import { DEFAULT_MEASURES, parseMeasure } from "../eval/measures.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../eval/retrieve-legs.ts";
import { formatPValue, formatTable } from "../format-table.ts";
import { formatFusion, readFusion } from "../indexing/fusion-setting.ts";
import { openEncoder } from "./encoder-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder: corpus.jsonl, queries.jsonl, qrels" }),
  split: z.string().default("test").meta({ placeholder: "name" }),
  ...retrievalFlags,
  measures: z
    .array(z.string())
    .default([...DEFAULT_MEASURES])
    .meta({ placeholder: "list", description: "nDCG@10, P(rel=2)@5, …" }),
  run: z.string().optional().meta({ placeholder: "file", description: "write the TREC run there" }),
  perQuery: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "write the scores of every query there (JSONL)" }),
  compare: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "--per-query file of another run: differences and paired t-test" }),
  json: z.boolean().default(false).describe("print one JSON object"),
});
type Options = z.output<typeof options>;

/** `aar evaluate`: exact retrieval over a judged corpus and its measures. */
export const evaluateCommand = defineCommand({
  summary: "retrieval measures of an encoder on a BEIR-style folder",
  description: `Dense search is exact over all passages; lexical search and fusion are the Worker's own code. Judgments come from
qrels/<split>.tsv, or from qrels.tsv and the field split of queries.jsonl. A judged query that finds nothing counts as 0;
a query without judgments is left out. Encodings are cached and reused.`,
  examples: [
    "evaluate --data ../nfcorpus --split test --mode dense",
    "evaluate --data ../nfcorpus --mode hybrid --fusion rrf:60 --json",
    "evaluate --data ../nfcorpus --mode dense --encoder ../models/other --max-length 128 --per-query other.jsonl",
  ],
  options,
  async run(given, { print, log, progress, signal }) {
    const measures = given.measures.map(parseMeasure);
    const fusion = await readFusion(given.fusion);
    const baseline = given.compare === undefined ? undefined : await readPerQueryScores(given.compare);
    const corpusFile = path.join(given.data, "corpus.jsonl");
    const set = await loadEvaluationSet(given.data, given.split);
    const passages = await loadCorpus(corpusFile, log);
    const texts = new Map(passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
    checkJudgedPassages(set.qrels, texts, log);
    if (given.run !== undefined) {
      checkTrecIds(set.queries, passages);
    }
    const legs = await retrieveLegs({
      mode: given.mode,
      corpusFile,
      passages,
      queries: set.queries,
      depth: Math.max(LEG_DEPTH, given.topK),
      loadEncoder: (runtime) => openEncoder(given, runtime),
      runtime: given.runtime,
      vectors: given.vectors,
      cache: given.cache,
      progress,
      signal,
    });
    const run = joinLegs(legs, { mode: given.mode, fusion, topK: given.topK });
    const evaluation = evaluateRun({ run, set, measures, passageText: (id) => texts.get(id) });
    if (given.run !== undefined) {
      await writeFileAtomic(given.run, toTrecRun(run, `aar-${given.mode}`));
    }
    if (given.perQuery !== undefined) {
      const lines = [...evaluation.perQuery].map(([queryId, scores]) => ({ queryId, scores }));
      await writeFileAtomic(given.perQuery, toJsonl(lines));
    }
    const comparison = baseline === undefined ? undefined : compareScores(evaluation.perQuery, baseline);
    const report = describeRun(given, { legs, evaluation, fusion: formatFusion(fusion), passages: passages.length });
    if (given.json) {
      print(JSON.stringify(comparison === undefined ? report : { ...report, comparison }, undefined, 2));
      return;
    }
    log(describeInWords(report));
    print(
      formatTable(
        ["measure", "mean", "n"],
        evaluation.means.map(({ measure, mean, n }) => [measure, mean.toFixed(4), String(n)]),
      ),
    );
    if (comparison !== undefined) {
      print(
        `\nagainst ${given.compare}:\n${formatTable(
          ["measure", "difference", "p", "n"],
          comparison.map(({ measure, meanDifference, pValue, n }) => [
            measure,
            signed(meanDifference),
            formatPValue(pValue),
            String(n),
          ]),
        )}`,
      );
    }
  },
});

interface RunFacts {
  readonly legs: RetrievedLegs;
  readonly evaluation: RunEvaluation;
  readonly fusion: string;
  readonly passages: number;
}

function describeRun({ data, split, mode, topK, runtime }: Options, { legs, evaluation, fusion, passages }: RunFacts) {
  const { means, emptyQueries, unjudgedQueries, perQuery } = evaluation;
  const { encoder } = legs;
  return {
    data: path.basename(path.resolve(data)),
    split,
    mode,
    topK,
    ...(mode === "hybrid" ? { fusion } : {}),
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
  const { data, split, mode, encoder, fusion, queries, passages, emptyQueries, unjudgedQueries } = report;
  const parts = [
    `${data} ${split}, ${mode}`,
    ...(fusion === undefined ? [] : [fusion]),
    ...(encoder === undefined ? [] : [`${encoder.name} at ${encoder.maxPassageLength} tokens`]),
    `${queries} queries, ${passages} passages`,
    ...(emptyQueries === 0 ? [] : [`${emptyQueries} queries found nothing and count as 0`]),
    ...(unjudgedQueries === 0 ? [] : [`${unjudgedQueries} queries have no judgment and are left out`]),
  ];
  return parts.join("; ");
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
