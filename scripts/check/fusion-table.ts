/**
 * How hybrid retrieval fares on the sets of ../shared against its own legs, by ways to choose how they are joined:
 *
 *   node scripts/check/fusion-table.ts [--dev] [--fusion F] [--vectors DIR] [--encoder DIR] [--limit 1000] [--only nq,popqa] [--json]
 *
 * Of each set: nDCG@10 of both legs, reciprocal rank fusion, the default, what `fit-fusion --from passages` finds in the corpus
 * alone, and what it finds on the set's own development questions, unjudged and judged, where there are some. None of them sees a
 * test question. `--dev` shows development sets instead, on which the default and the statistic's constants were chosen.
 * `--fusion` adds a column. `--vectors` has folders of `aar encode` named as the corpora; what is missing there is encoded and cached. A set with more
 * questions is sampled by a hash of their ids.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { loadCorpus } from "../../training/artifacts/beir.ts";
import type { CorpusPassage } from "../../training/artifacts/beir.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { estimateFromSentences } from "../../training/eval/estimate-from-sentences.ts";
import { estimateFusion } from "../../training/eval/estimate-fusion.ts";
import { evaluateRun } from "../../training/eval/evaluate-run.ts";
import { fitFusion } from "../../training/eval/fit-fusion.ts";
import { parseMeasure } from "../../training/eval/measures.ts";
import { joinLegs, retrieveLegs } from "../../training/eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../../training/eval/retrieve-legs.ts";
import { sentenceQuestions } from "../../training/eval/sentence-questions.ts";
import { formatTable } from "../../training/format-table.ts";
import { formatFusion, readFusion } from "../../training/indexing/fusion-setting.ts";
import { createProgress } from "../../training/progress.ts";
import { loadJudgedSet } from "../../training/reproduction/judged-sets.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { DEVELOPMENT_SETS, SHARED_DATA, TEST_SETS } from "./fusion-table/fusion-sets.ts";
import type { FusionSet } from "./fusion-table/fusion-sets.ts";

const DEPTH = 100;
const MEASURE = parseMeasure("nDCG@10");
const SENTENCES = 400;

const { values: flags } = parseScriptFlags({
  options: {
    dev: { type: "boolean", default: false },
    fusion: { type: "string" },
    vectors: { type: "string" },
    encoder: { type: "string", default: path.resolve(import.meta.dirname, "../../src/assets/encoder") },
    limit: { type: "string", default: "1000" },
    cache: { type: "string", default: ".aar/cache" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

/** A way to join the legs, and nDCG@10 by it. */
interface Chosen {
  readonly fusion: string;
  readonly score: number;
}

interface Row {
  readonly set: string;
  readonly questions: number;
  readonly dense: number;
  readonly lexical: number;
  readonly rrf: Chosen;
  readonly default: Chosen;
  readonly given?: Chosen;
  readonly fromPassages: Chosen;
  readonly fromQuestions?: Chosen;
  readonly fitted?: Chosen;
}

/** Settings found in a corpus alone, by its name. */
const ofCorpus = new Map<string, FusionSettings>();

if (!existsSync(SHARED_DATA)) {
  process.stderr.write(`${SHARED_DATA} is not there: nothing to compare on\n`);
  process.exit(1);
}
const wanted = flags.only?.split(",");
const rows: Row[] = [];
for (const choice of flags.dev ? DEVELOPMENT_SETS : TEST_SETS) {
  if (wanted?.includes(choice.name) ?? true) {
    const row = await compare(choice);
    rows.push(row);
    process.stderr.write(`${JSON.stringify(row)}\n`);
  }
}
process.stdout.write(`${flags.json ? JSON.stringify(rows) : toTable(rows)}\n`);

async function compare(choice: FusionSet): Promise<Row> {
  const limit = Number(flags.limit);
  const passages = await loadCorpus(path.join(SHARED_DATA, choice.corpus, "corpus.jsonl"));
  const shown = await loadJudgedSet(SHARED_DATA, choice, limit);
  const legs = await retrieve(choice.corpus, passages, shown.queries);
  const score = (mode: "dense" | "lexical" | "hybrid", fusion: FusionSettings = DEFAULT_FUSION): number => {
    const run = joinLegs(legs, { mode, fusion, topK: DEPTH });
    return evaluateRun({ run, set: shown, measures: [MEASURE], passageText: () => undefined }).means[0]?.mean ?? 0;
  };
  const by = (fusion: FusionSettings): Chosen => ({ fusion: formatFusion(fusion), score: score("hybrid", fusion) });
  const row = {
    set: choice.name,
    questions: shown.queries.length,
    dense: score("dense"),
    lexical: score("lexical"),
    rrf: by({ method: "rrf", rrfK: 60 }),
    default: by(DEFAULT_FUSION),
    ...(flags.fusion === undefined ? {} : { given: by(await readFusion(flags.fusion)) }),
    fromPassages: by(await fromPassages(choice.corpus, passages)),
  };
  if (choice.dev === undefined) {
    return row;
  }
  const dev = await loadJudgedSet(SHARED_DATA, { ...choice, split: choice.dev }, limit);
  const devLegs = await retrieve(choice.corpus, passages, dev.queries);
  return {
    ...row,
    fromQuestions: by(estimateFusion(devLegs).fusion),
    fitted: by(fitFusion({ legs: devLegs, set: dev, measure: MEASURE, topK: DEPTH }).best.fusion),
  };
}

async function fromPassages(corpus: string, passages: readonly CorpusPassage[]): Promise<FusionSettings> {
  const known = ofCorpus.get(corpus);
  if (known !== undefined) {
    return known;
  }
  const legs = await retrieve(corpus, passages, sentenceQuestions({ passages, count: SENTENCES, seed: 0 }));
  const { fusion } = estimateFromSentences(legs);
  ofCorpus.set(corpus, fusion);
  return fusion;
}

async function retrieve(
  corpus: string,
  passages: readonly CorpusPassage[],
  queries: readonly { readonly id: string; readonly text: string }[],
): Promise<RetrievedLegs> {
  const folder = path.join(flags.vectors ?? "", corpus);
  return await retrieveLegs({
    mode: "hybrid",
    corpusFile: path.join(SHARED_DATA, corpus, "corpus.jsonl"),
    passages,
    queries,
    depth: DEPTH,
    loadEncoder: (runtime) => loadEncoder(flags.encoder, { runtime, maxPassageLength: 128 }),
    runtime: "node",
    vectors: flags.vectors !== undefined && existsSync(path.join(folder, "vectors.meta.json")) ? folder : undefined,
    cache: flags.cache,
    progress: (options) => createProgress({ ...options, stream: process.stderr }),
    signal: new AbortController().signal,
  });
}

/** A hybrid's score with its distance from the better leg. */
function toTable(table: readonly Row[]): string {
  const against = (chosen: Chosen | undefined, { dense, lexical }: Row, isNamed = true): string => {
    if (chosen === undefined) {
      return "";
    }
    const relative = 100 * (chosen.score / Math.max(dense, lexical) - 1);
    const name = isNamed ? ` ${chosen.fusion.replace("convex:", "").replace(":theoretical", "")}` : "";
    return `${chosen.score.toFixed(4)} (${relative < 0 ? "" : "+"}${relative.toFixed(1)} %)${name}`;
  };
  const header = ["set", "n", "dense", "lexical", "rrf:60", `default ${formatFusion(DEFAULT_FUSION)}`];
  return formatTable(
    [...header, "from passages", "dev, unjudged", "fitted on dev", ...(flags.fusion === undefined ? [] : ["given"])],
    table.map((row) => [
      row.set,
      String(row.questions),
      row.dense.toFixed(4),
      row.lexical.toFixed(4),
      against(row.rrf, row, false),
      against(row.default, row, false),
      against(row.fromPassages, row),
      against(row.fromQuestions, row),
      against(row.fitted, row),
      ...(row.given === undefined ? [] : [against(row.given, row)]),
    ]),
  );
}
