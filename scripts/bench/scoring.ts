/**
 * Speed of labelling: queries a second of `aar score` with 10 passages of 128 tokens, beside llama.cpp's prompt speed for the same
 * tokens. Both with one thread, in interleaved rounds; the ratio is what to read.
 *
 *   node scripts/bench/scoring.ts --lm my-lm/model_int8.onnx --gguf model.gguf [--rounds 3] [--json]
 */
import { parseArgs } from "node:util";
import { openLlamaLm } from "../../training/llama/llama-local-lm.ts";
import type { LocalLm } from "../../training/llama/local-lm.ts";
import { ANSWER_PROMPTS } from "../../training/scoring/answer-prompts.ts";
import { likelihoodGain } from "../../training/scoring/likelihood-gain.ts";
import { openOnnxLm } from "../../training/scoring/onnx-source-lm.ts";
import type { QueryToScore } from "../../training/scoring/signal.ts";
import type { SourceLm } from "../../training/scoring/source-lm.ts";
import { seededRandom } from "../../training/seeded-random.ts";
import { median } from "./edge/statistics.ts";

const PASSAGES = 10;
const PASSAGE_TOKENS = 128;
const WORDS =
  "the river runs north of an old town where people built a bridge in stone and later trains crossed it every hour with grain coal salt and mail".split(
    " ",
  );

/** Prompts with their answers, as a signal asked them. */
type Asked = readonly { readonly prompt: string; readonly answer: string }[];

async function benchScoring(files: { lm: string; gguf: string }, rounds: number): Promise<Record<string, number>> {
  const onnx = await openOnnxLm(files.lm);
  const llama = await openLlamaLm(files.gguf, { contextSize: 512 });
  const { asked, tokens } = await recordPrompts(onnx, llama);
  const onnxSeconds: number[] = [];
  const llamaSeconds: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const query = makeQuery(round);
    const ofOnnx = await seconds(() => scoreQuery(onnx, query));
    const ofLlama = await seconds(() => readPrompts(llama, asked));
    if (round > 0) {
      onnxSeconds.push(ofOnnx); // the first round warms up
      llamaSeconds.push(ofLlama);
    }
  }
  await onnx.close();
  await llama.close();
  const perQuery = median(onnxSeconds);
  return {
    scoring_queries_per_s: 1 / perQuery,
    scoring_tokens_per_s: tokens / perQuery,
    scoring_llama_prompt_tokens_per_s: tokens / median(llamaSeconds),
    scoring_over_llama: median(llamaSeconds) / perQuery,
    scoring_tokens_per_query: tokens,
  };
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

/** What one query asks, and how many tokens that is. */
async function recordPrompts(onnx: SourceLm, llama: LocalLm): Promise<{ asked: Asked; tokens: number }> {
  const asked: { prompt: string; answer: string }[] = [];
  const recorder: SourceLm = {
    ...onnx,
    async answerLogProbs(continuation) {
      asked.push(continuation);
      return await Promise.resolve(Float64Array.of(0));
    },
  };
  await scoreQuery(recorder, makeQuery(0));
  const tokens = asked.reduce((sum, { prompt, answer }) => sum + llama.encode(prompt + answer).length, 0);
  return { asked, tokens };
}

/** llama.cpp reads every prompt from its first token and tells one distribution, at its end. */
async function readPrompts(llama: LocalLm, asked: Asked): Promise<void> {
  for (const [index, { prompt, answer }] of asked.entries()) {
    // A first token of its own keeps the cache of the last prompt, which begins alike, from being reused.
    await llama.next([...llama.encode(String(index % 10)), ...llama.encode(prompt + answer)], 1);
  }
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

const { values } = parseArgs({
  options: {
    lm: { type: "string" },
    gguf: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
if (values.lm === undefined || values.gguf === undefined) {
  process.stderr.write(
    "usage: node scripts/bench/scoring.ts --lm <ONNX LM> --gguf <model.gguf> [--rounds 3] [--json]\n",
  );
  process.exitCode = 2;
} else {
  const results = await benchScoring({ lm: values.lm, gguf: values.gguf }, Number(values.rounds));
  process.stdout.write(
    values.json
      ? `${JSON.stringify(results)}\n`
      : Object.entries(results)
          .map(([name, value]) => `${name.padEnd(36)} ${value.toFixed(2)}\n`)
          .join(""),
  );
}
