import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import type { EvaluationSet } from "../artifacts/beir.ts";
import { sha256File } from "../artifacts/meta.ts";
import { writeTrainingExamples } from "../artifacts/training-examples.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import { loadQuestions } from "../mining/load-questions.ts";
import { formatMarginHistogram } from "../mining/margin-histogram.ts";
import { REJECTION_REASONS } from "../mining/negative-filters.ts";
import { readCandidates } from "../mining/read-candidates.ts";
import { buildExamples } from "../preferences/build-examples.ts";
import type { BuiltExamples } from "../preferences/build-examples.ts";
import { CONDITIONS } from "../preferences/choose-positives.ts";
import { dealExamples } from "../preferences/deal-examples.ts";
import { overlapsOf } from "../preferences/describe-overlaps.ts";
import type { NamedOverlap } from "../preferences/describe-overlaps.ts";
import { FIRST_STAGE, withFirstStage } from "../preferences/first-stage-signal.ts";
import { readScores } from "../preferences/signal-scores.ts";
import type { ScoresBySignal } from "../preferences/signal-scores.ts";
import { checkScoresOfCorpus } from "../scoring/score-meta.ts";
import { checkRefreshFlags, refreshCandidates, refreshFlags } from "./build-refresh.ts";
import { questionFlags } from "./question-flags.ts";

const margin = z
  .union([z.literal(["off", "auto"]), z.coerce.number().min(0).max(1)], {
    error: "expected off, auto or a number from 0 to 1",
  })
  .transform(String);

const options = z.strictObject({
  ...questionFlags,
  candidates: z.string().meta({ placeholder: "dir", description: "folder of `mine`, or a TREC run" }),
  scores: z
    .array(z.string())
    .default([])
    .meta({ placeholder: "files", description: "lm-scores.jsonl of `score`, one or more" }),
  signals: z.array(z.string()).default([]).meta({
    placeholder: "list",
    description:
      "signals to use, first-stage (its own scores) among them; several are fused by their z-scores; default: all in the files",
  }),
  firstStage: z
    .boolean()
    .default(false)
    .describe("fuse the first stage's own scores with the LM's, as one signal more"),
  condition: z.enum(CONDITIONS).default("both").meta({ placeholder: "name", description: "where positives come from" }),
  output: z
    .string()
    .meta({ placeholder: "dir", description: "folder for train.jsonl, dev.jsonl and mining-manifest.json" }),
  lmPositives: z.int().min(1).max(100).default(2).meta({ description: "K: the LM's best so many passages" }),
  scoreDepth: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .meta({ description: "N: first-stage passages that the LM was asked about" }),
  gainTest: z.boolean().default(true).describe("take also passages whose gain is not above 0 (AAR has no such test)"),
  minLead: z.number().min(0).default(0).meta({
    description:
      "leave out the LM's preference where it leads the next passage by less, in standard deviations of the question's scores",
  }),
  humanLead: z.number().min(0).optional().meta({
    description:
      "with both: people's positives score this much above the LM's best, in standard deviations where signals are fused (for --loss graded-distillation)",
  }),
  strict3: z.boolean().default(false).describe("keep only questions with exactly three positives, as AAR's code does"),
  minGrade: z.int().min(1).default(1).meta({ description: "grade from which a judged passage is a positive" }),
  negatives: z
    .int()
    .min(0)
    .max(1000)
    .default(30)
    .meta({ description: "hard negatives of a question; training takes some an epoch" }),
  choose: z
    .enum(["random", "hardest"])
    .default("random")
    .meta({ placeholder: "how", description: "which of the candidates that are left" }),
  minNegatives: z
    .int()
    .min(0)
    .default(7)
    .meta({ description: "filled up to here by the least similar of those within a margin" }),
  relativeMargin: margin.default("0.05").meta({
    placeholder: "share",
    description: "reject negatives nearer than (1 - share) x anchor; auto: what the histogram suggests; off",
  }),
  absoluteMargin: z.number().min(0).max(2).optional().meta({ description: "reject negatives nearer than anchor - n" }),
  anchor: z.enum(["human", "positives"]).default("human").meta({
    placeholder: "which",
    description: "margins start from the nearest human positive, or the nearest of all positives",
  }),
  answerFilter: z.boolean().default(true).describe("let negatives contain an accepted answer"),
  spareLmRanks: z.int().min(0).default(5).meta({ description: "the LM's first so many passages are no negatives" }),
  devShare: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.1)
    .meta({ description: "share of questions for dev.jsonl, by a hash (see --dev-by)" }),
  devBy: z.enum(["question", "passage"]).default("question").meta({
    placeholder: "what",
    description: "passage: dev questions are about passages that no training question is about",
  }),
  ...refreshFlags,
  json: z.boolean().default(false).describe("print one JSON object"),
});
type Options = z.output<typeof options>;

/** `aar build`: see the description below. */
export const buildCommand = defineCommand({
  summary: "judgments and LM preferences -> train.jsonl and dev.jsonl, with filtered hard negatives",
  description: `Positives by --condition: human (judgments), lm (the K best of the first N candidates under the signal), both (AAR), or a
control: control-base (the base encoder's own first passage: self-training), control-first (the first stage's), control-random (any of the N). With --scores, all conditions use
the same questions, those scored. Conditions without judgments do not see them in their negatives either.

Hard negatives are what remains of the candidates after the filters; the count per reason, the histogram of similarities and the
margin it suggests are printed and go into mining-manifest.json. As AAR's code, without filters: --relative-margin off
--no-answer-filter --spare-lm-ranks 0 --no-gain-test --strict3.

A further round (as ANCE refreshes its negatives): --refresh with the --adapter or --encoder that was trained mines the same questions
again, lets --lm score the (question, passage) pairs that the score file lacks, and builds from the new candidates. Nothing is scored
twice; train again on what comes out.`,
  examples: [
    "build --data my-docs --candidates runs/candidates --scores lm-scores.jsonl --condition both --output runs/both",
    "build --data my-docs --candidates runs/candidates --scores lm-scores.jsonl --condition lm --lm-positives 1 --output runs/lm",
    "build --data my-docs --candidates runs/candidates --scores lm-scores.jsonl --output runs/round-2 --refresh --adapter runs/adapter/adapter.safetensors --lm my-lm/model.onnx",
  ],
  options,
  async run(given, context) {
    const { print, log } = context;
    checkRefreshFlags(given);
    if (given.humanLead !== undefined && given.condition !== "both") {
      throw new UsageError(`--human-lead is for --condition both; got --condition ${given.condition}`);
    }
    const corpusFile = path.join(given.data, "corpus.jsonl");
    const passages = await loadCorpus(corpusFile, log);
    const texts = new Map(passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
    const corpusSha256 = await sha256File(corpusFile);
    const { allowTestSplit: allowTest, data: folder } = given;
    const all = await loadQuestions({ ...given, folder, allowTest, purpose: "training", corpusIds: texts, warn: log });
    const queryIds = new Set(all.queries.map(({ id }) => id));
    for (const file of given.scores) {
      await checkScoresOfCorpus(file, corpusSha256);
    }
    const readAllScores = async (): Promise<ScoresBySignal> =>
      await readScores({ files: given.scores, queryIds, corpusIds: texts });
    const signals = chooseSignals(given, await readAllScores());
    const asked = signals.filter((signal) => signal !== FIRST_STAGE);
    const candidates = given.refresh ? await refreshCandidates({ given, signals: asked, context }) : given.candidates;
    const mined = await readCandidates(candidates, { corpusIds: texts, corpusSha256 });
    const scores = withFirstStage(await readAllScores(), mined.run, given.scoreDepth);
    if (given.relativeMargin !== "off" && mined.similarities === undefined) {
      throw new UsageError(
        `no similarities.trec beside ${candidates}: margins need an encoder; mine with --mode hybrid or dense, or pass --relative-margin off`,
      );
    }
    const set = answeredBy(all, { candidates: mined.run, scores, signals });
    const positives = { ...given, signal: signals.join("+") };
    const shared = { ...given, set, candidates: mined.run, scores, signals, positives };
    const built = buildExamples({
      ...shared,
      similarities: mined.similarities,
      passageText: (id) => texts.get(id),
      negatives: {
        count: given.negatives,
        choose: given.choose,
        minimum: given.minNegatives,
        seed: given.seed,
        relativeMargin: toMargin(given.relativeMargin),
        absoluteMargin: given.absoluteMargin,
        sparedLmRanks: given.spareLmRanks,
        answerFilter: given.answerFilter,
      },
    });
    const overlaps = overlapsOf(shared);
    const facts = describe(given, { built, overlaps, signals, asked: all.queries.length, used: set.queries.length });
    const inputs = {
      corpus: corpusSha256,
      queries: await sha256File(path.join(given.data, "queries.jsonl")),
      ...Object.fromEntries(
        await Promise.all(given.scores.map(async (file, index) => [`scores${index}`, await sha256File(file)])),
      ),
    };
    const counts = await writeExamples(given, built, inputs);
    const manifest = { ...facts, ...counts, candidates: mined.facts, options: given, inputs };
    await writeFileAtomic(
      path.join(given.output, "mining-manifest.json"),
      `${JSON.stringify(manifest, undefined, 2)}\n`,
    );
    print(
      given.json
        ? JSON.stringify({ output: given.output, ...facts, ...counts }, undefined, 2)
        : inWords({ ...facts, ...counts }),
    );
  },
});

function chooseSignals({ condition, signals, firstStage }: Options, scores: ScoresBySignal): readonly string[] {
  const known = [...scores.keys()];
  const stray = signals.find((signal) => !scores.has(signal) && signal !== FIRST_STAGE);
  if (stray !== undefined) {
    throw new UsageError(`--signals ${stray}: the score files have ${known.join(", ") || "none, give --scores"}`);
  }
  const chosen = signals.length === 0 ? known : signals;
  if (chosen.length === 0 && (condition === "lm" || condition === "both")) {
    throw new UsageError(`--condition ${condition} needs --scores`);
  }
  return firstStage && !chosen.includes(FIRST_STAGE) ? [...chosen, FIRST_STAGE] : chosen;
}

function toMargin(given: string): number | "auto" | undefined {
  return given === "off" ? undefined : given === "auto" ? "auto" : Number(given);
}

interface Answered {
  readonly candidates: ReadonlyMap<string, unknown>;
  readonly scores: ScoresBySignal;
  readonly signals: readonly string[];
}

/** The questions that were mined, and scored by every signal where there are signals: the same for all conditions. */
function answeredBy({ queries, qrels }: EvaluationSet, { candidates, scores, signals }: Answered): EvaluationSet {
  const isThere = ({ id }: { readonly id: string }): boolean =>
    candidates.has(id) && signals.every((signal) => scores.get(signal)?.has(id) === true);
  const kept = queries.filter(isThere);
  const ids = new Set(kept.map(({ id }) => id));
  return { queries: kept, qrels: new Map([...qrels].filter(([id]) => ids.has(id))) };
}

async function writeExamples(
  given: Options,
  { examples }: BuiltExamples,
  inputs: { readonly corpus: string; readonly queries: string },
): Promise<{ readonly train: number; readonly dev: number }> {
  const shares = { dev: given.devShare, train: 1 - given.devShare };
  const parts = dealExamples(examples, { by: given.devBy, shares, seed: given.seed });
  const write = async (part: "dev" | "train"): Promise<number> =>
    await writeTrainingExamples(path.join(given.output, `${part}.jsonl`), {
      examples: parts[part],
      inputs,
      options: given,
    });
  return { train: await write("train"), dev: given.devShare === 0 ? 0 : await write("dev") };
}

interface Described {
  readonly built: BuiltExamples;
  readonly overlaps: readonly NamedOverlap[];
  readonly signals: readonly string[];
  readonly asked: number;
  readonly used: number;
}

function describe(given: Options, { built, overlaps, signals, asked, used }: Described) {
  const { examples, dropped, histogram, suggestedMargin, relativeMargin, rejected, filled, withoutNegatives } = built;
  const count = (value: (example: (typeof examples)[number]) => number): number =>
    examples.length === 0 ? 0 : examples.reduce((sum, example) => sum + value(example), 0) / examples.length;
  return {
    condition: given.condition,
    signals,
    questions: { split: asked, minedAndScored: used, ...dropped },
    positivesPerQuestion: count(({ positives }) => positives.length),
    negativesPerQuestion: count(({ hardNegatives }) => hardNegatives.length),
    rejected: Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, rejected.get(reason) ?? 0])),
    filled,
    withoutNegatives,
    relativeMargin: relativeMargin ?? null,
    suggestedMargin: suggestedMargin ?? null,
    histogram,
    overlaps,
  };
}

function inWords(facts: ReturnType<typeof describe> & { readonly train: number; readonly dev: number }): string {
  const { questions, rejected, histogram, overlaps, suggestedMargin, filled, withoutNegatives } = facts;
  const reasons = Object.entries(rejected).map(([reason, count]) => [reason, String(count)]);
  const agreed = overlaps.map(({ of, jaccard, questions: n }) => [of, `${(100 * jaccard).toFixed(1)} %`, String(n)]);
  return `${facts.condition}${facts.signals.length === 0 ? "" : ` (${facts.signals.join(" + ")})`}: ${facts.train} train, ${facts.dev} dev examples of ${questions.split} questions
mined and scored ${questions.minedAndScored}, without a positive ${questions.noPositive}, not three positives ${questions.notThreePositives}
${facts.positivesPerQuestion.toFixed(2)} positives and ${facts.negativesPerQuestion.toFixed(1)} hard negatives a question; ${withoutNegatives} without any, ${filled} filled in

${formatTable(["rejected as negative", "candidates"], reasons)}

${formatMarginHistogram(histogram)}
suggested --relative-margin ${suggestedMargin ?? "(nothing to measure)"}, used ${facts.relativeMargin ?? "off"}
${agreed.length === 0 ? "" : `\n${formatTable(["overlap (Jaccard)", "", "n"], agreed)}\nAAR §5.3: human / LM about 13 %, LM / LM above 55 %\n`}`.trimEnd();
}
