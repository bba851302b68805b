/**
 * Speed of labelling: queries a second of `aar score` with 10 passages of 128 tokens, beside llama.cpp's prompt speed for the same
 * tokens; and, for an LM whose graph gives back its key/value cache, of several questions about the same passages beside the same
 * without sharing. One thread each, in interleaved rounds. Ratios are of CPU time, which a busy machine does not change; above 1 `aar
 * score` is faster.
 *
 *   node scripts/bench/scoring.ts --lm my-lm/model_int8.onnx [--gguf model.gguf] [--gguf model-q4_0.gguf] [--rounds 3] [--json]
 */
import path from "node:path";
import { formatTable } from "../../training/format-table.ts";
import { openLlamaLm } from "../../training/llama/llama-local-lm.ts";
import type { LocalLm } from "../../training/llama/local-lm.ts";
import { ANSWER_PROMPTS } from "../../training/scoring/answer-prompts.ts";
import { likelihoodGain } from "../../training/scoring/likelihood-gain.ts";
import { openOnnxLm } from "../../training/scoring/onnx-source-lm.ts";
import type { QueryToScore } from "../../training/scoring/signal.ts";
import type { SourceLm } from "../../training/scoring/source-lm.ts";
import { seededRandom } from "../../training/seeded-random.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { median } from "./edge/statistics.ts";

const PASSAGES = 10;
const PASSAGE_TOKENS = 128;
/** About the same passages; in a corpus of reviews, ten candidates of 1,500 questions name each passage seven times. */
const RELATED_QUESTIONS = 7;
const WORDS =
  "the river runs north of an old town where people built a bridge in stone and later trains crossed it every hour with grain coal salt and mail".split(
    " ",
  );

/** Prompts with their answers, as a signal asked them. */
type Asked = readonly { readonly prompt: string; readonly answer: string }[];

interface Timing {
  readonly wall: number;
  readonly cpu: number;
}

async function benchScoring(files: { lm: string; ggufs: readonly string[] }, rounds: number): Promise<Results> {
  const onnx = await openOnnxLm(files.lm);
  const llamas: LocalLm[] = [];
  for (const gguf of files.ggufs) {
    llamas.push(await openLlamaLm(gguf, { contextSize: 512 }));
  }
  const asked = await recordPrompts(onnx);
  const before = onnx.tokens();
  await scoreQuery(onnx, makeQuery(0));
  const tokens = onnx.tokens() - before;
  const related = { shared: [] as Timing[], alone: [] as Timing[] };
  const own: Timing[] = [];
  const theirs: Timing[][] = llamas.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    const timings = [await time(() => scoreQuery(onnx, makeQuery(round)))];
    const shared = await time(() => scoreRelated(onnx, rounds + 1 + round));
    const alone = await time(() => scoreRelated(withoutSharing(onnx), rounds + 1 + round));
    for (const llama of llamas) {
      timings.push(await time(() => readPrompts(llama, asked)));
    }
    if (round > 0) {
      const [first, ...others] = timings; // the first round warms up
      related.shared.push(shared);
      related.alone.push(alone);
      own.push(...(first === undefined ? [] : [first]));
      for (const [index, timing] of others.entries()) {
        theirs[index]?.push(timing);
      }
    }
  }
  await Promise.all([onnx.close(), ...llamas.map((llama) => llama.close())]);
  const of = (timings: readonly Timing[], kind: keyof Timing): number => median(timings.map((timing) => timing[kind]));
  return {
    lm: path.basename(files.lm),
    queriesPerSecond: 1 / of(own, "wall"),
    tokensPerQuery: tokens,
    tokensPerSecond: tokens / of(own, "wall"),
    tokensPerCpuSecond: tokens / of(own, "cpu"),
    related: {
      questions: RELATED_QUESTIONS,
      queriesPerSecond: RELATED_QUESTIONS / of(related.shared, "wall"),
      ratio: of(related.alone, "cpu") / of(related.shared, "cpu"),
    },
    llama: theirs.map((timings, index) => ({
      gguf: path.basename(files.ggufs[index] ?? ""),
      tokensPerSecond: tokens / of(timings, "wall"),
      tokensPerCpuSecond: tokens / of(timings, "cpu"),
      ratio: of(timings, "cpu") / of(own, "cpu"),
    })),
  };
}

interface Results {
  readonly lm: string;
  readonly queriesPerSecond: number;
  readonly tokensPerQuery: number;
  readonly tokensPerSecond: number;
  readonly tokensPerCpuSecond: number;
  /** Questions about the same passages, asked passage by passage. */
  readonly related: {
    readonly questions: number;
    readonly queriesPerSecond: number;
    /** CPU time without sharing over that with it. */
    readonly ratio: number;
  };
  readonly llama: readonly {
    readonly gguf: string;
    readonly tokensPerSecond: number;
    readonly tokensPerCpuSecond: number;
    /** CPU time of llama.cpp over ours. */
    readonly ratio: number;
  }[];
}

/** Passages of more than 128 tokens, so that all are cut to just these. */
function makeQuery(seed: number): QueryToScore {
  const random = seededRandom(seed);
  const text = (words: number): string =>
    Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");
  return {
    query: { id: "q", text: `where does ${text(6)}?`, answers: [text(4)], choices: [] },
    passages: Array.from({ length: PASSAGES }, (_, index) => ({ id: String(index), title: "", text: text(160) })),
  };
}

async function scoreQuery(lm: SourceLm, query: QueryToScore): Promise<void> {
  await likelihoodGain.score(query, { lm, prompt: ANSWER_PROMPTS.chat, maxPassageTokens: PASSAGE_TOKENS });
}

/** Several questions about the same passages, as `aar score` asks them: a passage with all its questions, then the next. */
async function scoreRelated(lm: SourceLm, seed: number): Promise<void> {
  const { passages } = makeQuery(seed);
  const questions = Array.from({ length: RELATED_QUESTIONS }, (_, index) => makeQuery(1000 * seed + index));
  const context = { lm, prompt: ANSWER_PROMPTS.chat, maxPassageTokens: PASSAGE_TOKENS, baselines: new Map() };
  for (const passage of passages) {
    for (const { query } of questions) {
      await likelihoodGain.score({ query, passages: [passage] }, context);
    }
  }
}

function withoutSharing(lm: SourceLm): SourceLm {
  return { ...lm, answerLogProbs: ({ prompt, answer }, signal) => lm.answerLogProbs({ prompt, answer }, signal) };
}

/** What one query asks. */
async function recordPrompts(onnx: SourceLm): Promise<Asked> {
  const asked: { prompt: string; answer: string }[] = [];
  const recorder: SourceLm = {
    ...onnx,
    async answerLogProbs(continuation) {
      asked.push(continuation);
      return await Promise.resolve(Float64Array.of(0));
    },
  };
  await scoreQuery(recorder, makeQuery(0));
  return asked;
}

/** llama.cpp reads every prompt from its first token and tells one distribution, at its end. */
async function readPrompts(llama: LocalLm, asked: Asked): Promise<void> {
  for (const [index, { prompt, answer }] of asked.entries()) {
    // A first token of its own keeps the cache of the last prompt, which begins alike, from being reused.
    await llama.next([...llama.encode(String(index % 10)), ...llama.encode(prompt + answer)], 1);
  }
}

async function time(run: () => Promise<void>): Promise<Timing> {
  const started = performance.now();
  const usage = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(usage);
  return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

function toTable({ lm, queriesPerSecond, tokensPerQuery, llama, related, ...own }: Results): string {
  const row = (
    name: string,
    speed: Pick<Results, "tokensPerSecond" | "tokensPerCpuSecond">,
    ratio: string,
  ): string[] => [name, speed.tokensPerSecond.toFixed(0), speed.tokensPerCpuSecond.toFixed(0), ratio];
  const rows = llama.map((other) => row(`llama.cpp, ${other.gguf}`, other, other.ratio.toFixed(2)));
  return `${formatTable(["", "tokens/s", "tokens/CPU s", "aar score is faster by"], [row(`aar score, ${lm}`, own, ""), ...rows])}
${queriesPerSecond.toFixed(2)} queries/s of 10 passages (${tokensPerQuery} tokens a query)
${related.queriesPerSecond.toFixed(2)} queries/s where ${related.questions} are about the same passages: ${related.ratio.toFixed(2)} times as fast as without sharing`;
}

const { values } = parseScriptFlags({
  options: {
    lm: { type: "string" },
    gguf: { type: "string", multiple: true },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
if (values.lm === undefined) {
  process.stderr.write(
    "usage: node scripts/bench/scoring.ts --lm <ONNX LM> [--gguf <model.gguf>] [--rounds 3] [--json]\n",
  );
  process.exitCode = 2;
} else {
  const results = await benchScoring({ lm: values.lm, ggufs: values.gguf ?? [] }, Number(values.rounds));
  process.stdout.write(`${values.json ? JSON.stringify(results) : toTable(results)}\n`);
}
