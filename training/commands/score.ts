import { availableParallelism } from "node:os";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { readAllQrels } from "../artifacts/beir.ts";
import { defineCommand } from "../define-command.ts";
import type { CommandContext } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import { ANSWER_PROMPTS } from "../scoring/answer-prompts.ts";
import { describeParity, isQuantizedOnnx, measureParity, requireParity } from "../scoring/label-parity.ts";
import type { LabelParity } from "../scoring/label-parity.ts";
import { loadQueriesToScore } from "../scoring/load-queries-to-score.ts";
import { findOnnxLm } from "../scoring/onnx-source-lm.ts";
import { openScoreLogs } from "../scoring/pending-scores.ts";
import { findPrompt, findSignal, openQueryScorer } from "../scoring/query-scorer.ts";
import type { QueryScorer, ScorerSettings } from "../scoring/query-scorer.ts";
import { checkSanity } from "../scoring/sanity.ts";
import type { Sanity } from "../scoring/sanity.ts";
import { claimScores, hashLabelledTexts, promptFingerprint, readMaking } from "../scoring/score-meta.ts";
import { isFit, scoreQueries } from "../scoring/score-queries.ts";
import { startScorerProcess } from "../scoring/scorer-process.ts";
import type { QueryToScore } from "../scoring/signal.ts";
import { SIGNALS } from "../scoring/signals.ts";
import { tuneScorers } from "../scoring/tune-scorers.ts";
import type { ScorerSetting } from "../scoring/tune-scorers.ts";

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder: corpus.jsonl, queries.jsonl" }),
  run: z.string().meta({ placeholder: "file", description: "first stage, TREC format: its queries are scored" }),
  lm: z.string().meta({
    placeholder: "path",
    description:
      "the source LM: a causal LM's ONNX file, a folder with one, or a GGUF file; for fid-attention a T5 folder; or a server, http://…/v1",
  }),
  output: z
    .string()
    .meta({ placeholder: "file", description: "lm-scores.jsonl; what it has is kept, what it lacks is added" }),
  signal: z
    .string()
    .default("likelihood-gain")
    .meta({ placeholder: "name", description: Object.keys(SIGNALS).join(", ") }),
  model: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "with the URL of a server: its name of the LM" }),
  tokenizer: z.string().optional().meta({
    placeholder: "dir",
    description: "with a server: the LM's tokenizer.json and chat template, instead of asking it",
  }),
  prompt: z
    .string()
    .default("chat")
    .meta({ placeholder: "name", description: Object.keys(ANSWER_PROMPTS).join(", ") }),
  depth: z.int().positive().default(10).describe("candidates of a query"),
  limit: z.int().positive().optional().describe("queries at most, the first of the run"),
  maxPassageTokens: z.int().positive().default(128).describe("a passage's text is cut to so many tokens of the LM"),
  processes: z.int().positive().default(1).describe("LMs side by side, each in a process of its own"),
  threads: z
    .int()
    .positive()
    .optional()
    .describe("threads of one LM; default: the processes share the machine's cores"),
  tune: z.boolean().default(false).describe("measure processes and threads first, print the table, take the fastest"),
  reference: z.string().optional().meta({
    placeholder: "path",
    description:
      "for an LM in int8: the same in fp32, to compare the first labels with; those of an unfaithful one are refused",
  }),
  referenceQueries: z.int().positive().default(16).describe("queries of that comparison"),
  json: z.boolean().default(false).describe("print one JSON object"),
});

/** `aar score`: labels of a frozen LM over the first stage's passages. */
export const scoreCommand = defineCommand({
  summary: "a frozen LM says which passages help it: lm-scores.jsonl, resumable",
  description: `Scores are appended query by query, and those of queries that are not whole yet wait in <output>.pending: a killed run loses at most what was
at work, and the same command goes on. Each passage is scored for all its queries in a row, so that an LM which keeps what it read reads it once.
A second run with another --signal adds to the same file. Labels of another corpus, LM or prompt are refused, never mixed in.

An LM quantised to int8 labels only after --reference, the same LM in fp32, has shown that both order passages alike (rank correlation of at
least 0.8); the file remembers it.

A server has to tell the log-probabilities of a prompt: \`echo\` with \`logprobs\` or \`prompt_logprobs\` (vLLM), or llama.cpp's /completion;
its key is taken from AAR_LM_KEY. When it dies midway, the same command goes on once it is back.

At its end a run says whether its labels can be believed: the mean reciprocal rank of the human positive (where qrels exist) under the
signal, in the first stage's order and by chance, the share of scores above 0, and the rank correlation with the file's other signals.`,
  examples: [
    "score --data my-docs --run candidates.trec --lm my-lm --tune --output lm-scores.jsonl",
    "score --data my-docs --run candidates.trec --lm my-lm/model_int8.onnx --reference my-lm/model.onnx --output lm-scores.jsonl",
    "score --data my-docs --run candidates.trec --signal query-likelihood --lm model.gguf --output lm-scores.jsonl",
  ],
  options,
  async run(given, context) {
    const { print, log, progress, signal: abort } = context;
    const signal = findSignal(given.signal);
    const prompt = findPrompt(given.prompt);
    const { items, run } = await loadQueriesToScore(given);
    const fit = items.filter(({ query }) => isFit(query, signal.needs));
    if (fit.length === 0) {
      const others = Object.keys(SIGNALS).filter((name) => findSignal(name).needs === "nothing");
      throw new AppError(
        "invalid_request",
        `none of the ${items.length} queries has what signal ${given.signal} needs (${signal.needs}); signals that need nothing: ${others.join(", ")}`,
      );
    }
    const texts = await hashLabelledTexts(given.data);
    const qrels = await readAllQrels(given.data);
    const setting = given.tune ? await findBestSetting(given, fit, context) : givenSetting(given);
    const scorers = await openScorers(given, setting, abort);
    const [first] = scorers;
    const { log: scoreLog, pending } = await openScoreLogs(given.output);
    try {
      const parity = await checkParity(given, { items: fit, scorer: first, log, progress, abort });
      await claimScores(given.output, {
        texts,
        signal: given.signal,
        making: {
          lm: first?.name ?? "",
          lmFingerprint: first?.fingerprint ?? "",
          prompt: given.prompt,
          promptFingerprint: await promptFingerprint(signal, prompt),
          maxPassageTokens: given.maxPassageTokens,
          ...(parity === undefined ? {} : { parity: { ...parity } }),
        },
        options: { signal: given.signal, depth: given.depth },
      });
      const logs = { log: scoreLog, pending };
      const result = await scoreQueries({ name: given.signal, signal, items, scorers, ...logs, progress, abort });
      if (result.unfit.length > 0) {
        log(
          `${result.unfit.length} of ${items.length} queries were left out, "${result.unfit[0]}" for one: signal ${given.signal} needs ${signal.needs}`,
        );
      }
      const tokens = scorers.reduce((sum, scorer) => sum + scorer.tokens(), 0);
      const sanity = checkSanity({ table: scoreLog.table, signal: given.signal, run, qrels });
      const inWords = `${describeSanity(sanity)}\n${result.scored} queries scored, ${tokens} tokens through the LM`;
      if (given.json) {
        log(inWords); // whoever reads the JSON, a person watches the run
      }
      print(
        given.json
          ? JSON.stringify({
              ...sanity,
              scored: result.scored,
              reused: result.reused,
              unfit: result.unfit.length,
              tokens,
            })
          : inWords,
      );
    } finally {
      await Promise.all([scoreLog.close(), pending.close(), ...scorers.map((scorer) => scorer.close())]);
    }
  },
});
type Options = z.output<typeof options>;

async function findBestSetting(
  given: Options,
  items: readonly QueryToScore[],
  { log, progress, signal: abort }: CommandContext,
): Promise<ScorerSetting> {
  const speeds = await tuneScorers({
    cores: availableParallelism(),
    items,
    open: (setting) => openScorers(given, setting, abort),
    now: () => performance.now(),
    progress,
  });
  log(
    formatTable(
      ["processes", "threads", "queries/s"],
      speeds.map(({ processes, threads, queriesPerSecond }) => [
        String(processes),
        String(threads),
        queriesPerSecond.toFixed(2),
      ]),
    ),
  );
  return speeds[0] ?? givenSetting(given);
}

function givenSetting({ processes, threads }: Options): ScorerSetting {
  return { processes, threads: threads ?? Math.max(1, Math.floor(availableParallelism() / processes)) };
}

interface CheckParityOptions {
  readonly items: readonly QueryToScore[];
  readonly scorer: QueryScorer | undefined;
  readonly log: (text: string) => void;
  readonly progress: CommandContext["progress"];
  readonly abort: AbortSignal;
}

/** An LM in int8 labels only when it was shown to agree with itself in fp32, now or when the file was begun. */
async function checkParity(
  given: Options,
  { items, scorer, log, progress, abort }: CheckParityOptions,
): Promise<LabelParity | undefined> {
  if (scorer !== undefined && given.reference !== undefined) {
    const threads = availableParallelism(); // the others wait for it
    const reference = await openQueryScorer({ ...scorerSettings(given), lm: given.reference, threads }, abort);
    try {
      const compared = items.slice(0, given.referenceQueries);
      const parity = await measureParity({ items: compared, scorer, reference, progress });
      log(describeParity(parity));
      requireParity(parity);
      return parity;
    } finally {
      await reference.close();
    }
  }
  const file = findOnnxLm(given.lm)?.modelFile;
  if (file === undefined || !(await isQuantizedOnnx(file))) {
    return undefined;
  }
  const known = await readMaking(given.output, given.signal);
  if (known?.parity === undefined || known.lmFingerprint !== scorer?.fingerprint) {
    throw new AppError(
      "invalid_request",
      `${file} is quantised, and labels of a quantised LM may be noise: name the same LM in fp32 with --reference, to compare the first labels`,
    );
  }
  return undefined;
}

async function openScorers(
  given: Options,
  { processes, threads }: ScorerSetting,
  abort: AbortSignal,
): Promise<QueryScorer[]> {
  const settings: ScorerSettings = { ...scorerSettings(given), threads };
  return processes === 1
    ? [await openQueryScorer(settings, abort)]
    : await Promise.all(Array.from({ length: processes }, () => startScorerProcess(settings)));
}

function scorerSettings(given: Options): Omit<ScorerSettings, "threads"> {
  const { signal, lm, model, tokenizer, prompt, maxPassageTokens } = given;
  return { signal, lm, model, tokenizer, prompt, maxPassageTokens };
}

function describeSanity(sanity: Sanity): string {
  const number = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(3));
  return formatTable(
    ["labels", "value", "n"],
    [
      ["scores above 0", number(sanity.positiveShare), String(sanity.queries)],
      ["queries with a score above 0", number(sanity.queriesWithPositive), String(sanity.queries)],
      [`MRR of the human positive: ${sanity.signal}`, number(sanity.signalMrr), String(sanity.judgedQueries)],
      ["MRR of the human positive: first stage", number(sanity.firstStageMrr), String(sanity.judgedQueries)],
      ["MRR of the human positive: chance", number(sanity.chanceMrr), String(sanity.judgedQueries)],
      ...Object.entries(sanity.correlations).map(([other, { mean, queries }]) => [
        `rank correlation with ${other}`,
        number(mean),
        String(queries),
      ]),
    ],
  );
}
