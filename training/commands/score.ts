import { z } from "zod";
import { defineCommand } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import { ANSWER_PROMPTS } from "../scoring/answer-prompts.ts";
import { loadAllQrels, loadQueriesToScore } from "../scoring/load-queries-to-score.ts";
import { findPrompt, findSignal, openQueryScorer } from "../scoring/query-scorer.ts";
import type { QueryScorer, ScorerSettings } from "../scoring/query-scorer.ts";
import { checkSanity } from "../scoring/sanity.ts";
import type { Sanity } from "../scoring/sanity.ts";
import { openScoreLog } from "../scoring/score-log.ts";
import { claimScores, hashLabelledTexts, promptFingerprint } from "../scoring/score-meta.ts";
import { scoreQueries } from "../scoring/score-queries.ts";
import { startScorerProcess } from "../scoring/scorer-process.ts";
import { SIGNALS } from "../scoring/signals.ts";

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder: corpus.jsonl, queries.jsonl" }),
  run: z
    .string()
    .meta({ placeholder: "file", description: "first stage, TREC format; its queries are scored, in its order" }),
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
  threads: z.int().positive().default(1).describe("threads of one LM"),
  json: z.boolean().default(false).describe("print one JSON object"),
});

/** `aar score`: labels of a frozen LM over the first stage's passages. */
export const scoreCommand = defineCommand({
  summary: "a frozen LM says which passages help it: lm-scores.jsonl, resumable",
  description: `Scores are appended query by query: a killed run loses at most the queries at work, and the same command goes on. A second
run with another --signal adds to the same file. Labels of another corpus, LM or prompt are refused, never mixed in.

A server has to tell the log-probabilities of a prompt: \`echo\` with \`logprobs\` or \`prompt_logprobs\` (vLLM), or llama.cpp's /completion;
its key is taken from AAR_LM_KEY. When it dies midway, the same command goes on once it is back.

At its end a run says whether its labels can be believed: the mean reciprocal rank of the human positive (where qrels exist) under the
signal, in the first stage's order and by chance, the share of scores above 0, and the rank correlation with the file's other signals.`,
  examples: [
    "score --data my-docs --run candidates.trec --lm ../models/smollm2-onnx/model_int8.onnx --output lm-scores.jsonl",
    "score --data my-docs --run candidates.trec --lm ../models/smollm2-onnx --processes 2 --output lm-scores.jsonl",
  ],
  options,
  async run(given, { print, log, progress, signal: abort }) {
    const signal = findSignal(given.signal);
    const prompt = findPrompt(given.prompt);
    const { items, run } = await loadQueriesToScore(given);
    const texts = await hashLabelledTexts(given.data);
    const qrels = await loadAllQrels(given.data);
    const scorers = await openScorers(given, given.processes, abort);
    const scoreLog = await openScoreLog(given.output);
    try {
      await claimScores(given.output, {
        texts,
        signal: given.signal,
        making: {
          lm: scorers[0]?.name ?? "",
          lmFingerprint: scorers[0]?.fingerprint ?? "",
          prompt: given.prompt,
          promptFingerprint: await promptFingerprint(signal, prompt),
          maxPassageTokens: given.maxPassageTokens,
        },
        options: { signal: given.signal, depth: given.depth },
      });
      const result = await scoreQueries({ name: given.signal, signal, items, scorers, log: scoreLog, progress, abort });
      if (result.unfit.length > 0) {
        log(
          `${result.unfit.length} of ${items.length} queries were left out, "${result.unfit[0]}" for one: signal ${given.signal} needs ${signal.needs}`,
        );
      }
      const sanity = checkSanity({ table: scoreLog.table, signal: given.signal, run, qrels });
      print(
        given.json
          ? JSON.stringify({ ...sanity, scored: result.scored, reused: result.reused, unfit: result.unfit.length })
          : describeSanity(sanity),
      );
    } finally {
      await Promise.all([scoreLog.close(), ...scorers.map((scorer) => scorer.close())]);
    }
  },
});

async function openScorers(settings: ScorerSettings, processes: number, abort: AbortSignal): Promise<QueryScorer[]> {
  const { signal, lm, model, tokenizer, prompt, maxPassageTokens, threads } = settings;
  const own: ScorerSettings = { signal, lm, model, tokenizer, prompt, maxPassageTokens, threads };
  return processes === 1
    ? [await openQueryScorer(own, abort)]
    : await Promise.all(Array.from({ length: processes }, () => startScorerProcess(own)));
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
