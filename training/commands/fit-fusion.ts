import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { checkJudgedPassages, loadCorpus, loadEvaluationSet } from "../artifacts/beir.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import type { CommandContext } from "../define-command.ts";
import { estimateFromSentences } from "../eval/estimate-from-sentences.ts";
import { estimateFusion } from "../eval/estimate-fusion.ts";
import { fitFusion, FUSION_VARIANTS } from "../eval/fit-fusion.ts";
import type { FittedFusion } from "../eval/fit-fusion.ts";
import { parseMeasure } from "../eval/measures.ts";
import { retrieveLegs } from "../eval/retrieve-legs.ts";
import type { RetrievedLegs, RetrieveLegsOptions } from "../eval/retrieve-legs.ts";
import { sentenceQuestions } from "../eval/sentence-questions.ts";
import { formatPValue, formatTable } from "../format-table.ts";
import { formatFusion, toWireFusion } from "../indexing/fusion-setting.ts";
import { checkNotHeldOut, isTestSplit } from "../mining/held-out.ts";
import { loadQuestions } from "../mining/load-questions.ts";
import { openEncoder } from "./encoder-flags.ts";
import { questionFlags } from "./question-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

const { mode: _mode, fusion: _fusion, topK: _topK, ...searchFlags } = retrievalFlags;

const options = z.strictObject({
  data: z.string().meta({
    placeholder: "dir",
    description:
      "BEIR-style folder: corpus.jsonl and, but for --from passages, queries.jsonl; qrels for --from judgments",
  }),
  from: z.enum(["judgments", "questions", "passages"]).default("judgments").meta({
    placeholder: "what",
    description:
      "judgments: best weight for judged questions; questions: from the scores of a log, unjudged; passages: from the scores of sentences",
  }),
  split: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "questions to look at: dev, val or train, never test" }),
  heldOut: questionFlags.heldOut,
  measure: z.string().default("nDCG@10").meta({ placeholder: "name", description: "with judgments" }),
  step: z.number().min(0.01).max(0.5).default(0.05).meta({ description: "with judgments: between two weights tried" }),
  limit: z.int().min(1).default(400).meta({ description: "without judgments: questions or sentences, by hashes" }),
  output: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "write the fusion there, for --fusion of the other commands" }),
  json: z.boolean().default(false).describe("print one JSON object"),
  ...searchFlags,
});
type Options = z.output<typeof options>;

/** `aar fit-fusion`: see the description below, `fitFusion` and `estimateFusion`. */
export const fitFusionCommand = defineCommand({
  summary: "fit how hybrid retrieval joins its legs, on judged questions, a log, or the corpus alone; never on a test",
  description: `With judgments it tries a grid of weights of the dense leg, with both normalisations of scores and with a share that adapts to
each query, and prints the measure at each, beside the legs alone and reciprocal rank fusion.

Without judgments the weight follows from score statistics: how far each leg sets its first passages apart from its tenth. For --from
questions these are questions of a log; for --from passages sentences of the corpus stand in for questions, each without the passage
it was taken from, so nothing but corpus.jsonl is needed; a weight near the default's is left at it.

The result goes into a collection's record: upload --fusion FILE. docs/fusion.md has what each way gives on nine sets.`,
  examples: [
    "fit-fusion --data ../nfcorpus --split dev --output fusion.json",
    "fit-fusion --data my-docs --from passages --output fusion.json",
    "evaluate --data ../nfcorpus --mode hybrid --fusion fusion.json",
  ],
  options,
  async run(given, context) {
    const { print, log } = context;
    const { fusion, facts, inWords } =
      given.from === "judgments" ? await fromJudgments(given, context) : await fromScores(given, context);
    if (given.output !== undefined) {
      await writeFileAtomic(given.output, `${JSON.stringify(toWireFusion(fusion))}\n`);
      const { corpus, encoder, ...rest } = facts;
      await writeMeta(given.output, {
        stage: "fit-fusion",
        schemaVersion: 1,
        options: given,
        inputs: { corpus, encoder },
        facts: rest,
      });
      log(`wrote ${given.output}: upload --fusion ${given.output}, evaluate --mode hybrid --fusion ${given.output}`);
    }
    print(given.json ? JSON.stringify(facts, undefined, 2) : `${inWords}\n${JSON.stringify(toWireFusion(fusion))}`);
  },
});

interface Fitted {
  readonly fusion: FittedFusion["best"]["fusion"];
  readonly facts: Readonly<Record<string, unknown>> & { readonly corpus: string; readonly encoder: string };
  readonly inWords: string;
}

async function fromJudgments(given: Options, context: CommandContext): Promise<Fitted> {
  const split = learnableSplit(given);
  checkNotHeldOut({ ...given, split, folder: given.data, splits: [], purpose: "fitting a fusion" });
  const measure = parseMeasure(given.measure);
  const set = await loadEvaluationSet(given.data, split);
  const { corpusFile, passages } = await openCorpus(given, context);
  checkJudgedPassages(set.qrels, new Set(passages.map(({ id }) => id)), context.log);
  const legs = await runLegs(given, { corpusFile, passages, queries: set.queries }, context);
  const fitted = fitFusion({ legs, set, measure, step: given.step, topK: LEG_DEPTH });
  const facts = { measure: measure.name, queries: set.qrels.size, ...fitted };
  return {
    fusion: fitted.best.fusion,
    facts: { ...(await hashesOf(corpusFile, legs)), ...facts },
    inWords: describe(fitted, measure.name),
  };
}

async function fromScores(given: Options, context: CommandContext): Promise<Fitted> {
  const { corpusFile, passages } = await openCorpus(given, context);
  const isLog = given.from === "questions";
  const corpusIds = new Set(passages.map(({ id }) => id));
  const queries = isLog
    ? (
        await loadQuestions({
          folder: given.data,
          split: learnableSplit(given),
          heldOut: given.heldOut,
          purpose: "fitting a fusion",
          limit: given.limit,
          corpusIds,
          warn: context.log,
        })
      ).queries
    : sentenceQuestions({ passages, count: given.limit, seed: 0 });
  const found = await runLegs(given, { corpusFile, passages, queries }, context);
  const { fusion, ratio, questions } = isLog ? estimateFusion(found) : estimateFromSentences(found);
  return {
    fusion,
    facts: { ...(await hashesOf(corpusFile, found)), from: given.from, fusion, ratio, questions },
    inWords: `bm25 sets its first passage ${ratio.toFixed(2)} times as far apart from the tenth as the dense leg does (${questions} ${isLog ? "questions" : "sentences"})
${formatFusion(fusion)}`,
  };
}

function learnableSplit({ split, from }: Options): string {
  if (split === undefined) {
    throw new UsageError(`--split is required, but for --from passages; --from is ${from}`);
  }
  if (isTestSplit(split)) {
    throw new UsageError(
      `--split ${split}: a fusion fitted on the test questions would report their luck; fit on dev, val or train`,
    );
  }
  return split;
}

async function openCorpus({ data }: Options, { log }: CommandContext) {
  const corpusFile = path.join(data, "corpus.jsonl");
  return { corpusFile, passages: await loadCorpus(corpusFile, log) };
}

async function runLegs(
  given: Options,
  searched: Pick<RetrieveLegsOptions, "corpusFile" | "passages" | "queries">,
  { progress, signal }: CommandContext,
): Promise<RetrievedLegs> {
  return await retrieveLegs({
    mode: "hybrid",
    ...searched,
    depth: LEG_DEPTH,
    loadEncoder: (runtime) => openEncoder(given, runtime),
    runtime: given.runtime,
    vectors: given.vectors,
    cache: given.cache,
    progress,
    signal,
  });
}

async function hashesOf(corpusFile: string, { encoder }: RetrievedLegs) {
  return { corpus: await sha256File(corpusFile), encoder: encoder?.fingerprint ?? "" };
}

function describe({ curve, best, rrf, dense, lexical, gain }: FittedFusion, measure: string): string {
  const weights = [...new Set(curve.map(({ fusion }) => fusion.weight))];
  const variants = Object.keys(FUSION_VARIANTS);
  const scores = new Map(curve.map(({ fusion, score }) => [formatFusion(fusion), score.toFixed(4)]));
  const table = formatTable(
    ["weight of dense", ...variants],
    weights.map((weight) => [
      weight.toFixed(2),
      ...variants.map((variant) => scores.get(`convex:${weight}:${variant}`) ?? ""),
    ]),
  );
  return `${measure}
${table}

dense ${dense.toFixed(4)}, lexical ${lexical.toFixed(4)}, rrf:60 ${rrf.score.toFixed(4)}
best ${formatFusion(best.fusion)} ${best.score.toFixed(4)}: ${gain.meanDifference < 0 ? "" : "+"}${gain.meanDifference.toFixed(4)} over ${gain.over} alone (p ${formatPValue(gain.pValue)})`;
}
