import { readCorpus } from "../../../training/artifacts/beir.ts";
import { createOptimizer } from "../../../training/optim/create-optimizer.ts";
import { keyedRandom } from "../../../training/seeded-random.ts";
import { encoderTask, frozenSide, trainedSide } from "../../../training/trainer/modes/encoder-task.ts";
import { samplingOf } from "../../../training/trainer/step-options.ts";
import { tokenize } from "../../../training/trainer/token-feeds.ts";
import { openTrainableEncoder } from "../../../training/trainer/trainable-encoder.ts";
import type { TrainableEncoder } from "../../../training/trainer/trainable-encoder.ts";
import type { PreparedExample } from "../../../training/trainer/training-data.ts";
import { trainingLoss } from "../../../training/trainer/training-loss.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { TrainingTask } from "../../../training/trainer/training-task.ts";
import { median } from "../edge/statistics.ts";
import { cost } from "./own-engine.ts";
import type { StepCost } from "./own-engine.ts";

const MODES = ["query-encoder", "both"] as const;
/** Every so many passages of the corpus: neighbours come from one article. */
const STRIDE = 7;
const PASSAGES = 4096;
const PASSAGE_TOKENS = 128;
const QUERY_WORDS = 10;
const NEGATIVES = 7;

export interface EncoderModesOptions {
  /** Folder of an fp32 encoder. */
  readonly model: string;
  /** BEIR-style `corpus.jsonl`. */
  readonly corpus: string;
  readonly threads: number;
  readonly rounds: number;
}

interface ModeCost {
  readonly mode: (typeof MODES)[number];
  readonly batchSize: number;
  /** Mean over the steps; those that went through the encoder. */
  readonly tokens: number;
  /** Of a step, the optimiser included. */
  readonly seconds: number;
  readonly optimizerSeconds: number;
  readonly cpuSeconds: number;
}

/** Steps of both modes over the same questions, in turns. */
export async function encoderModes({ model, corpus, threads, rounds }: EncoderModesOptions): Promise<{
  readonly modes: readonly ModeCost[];
  readonly ratio: number;
  readonly cpuRatio: number;
}> {
  const encoder = await openTrainableEncoder(model, { settings: { maxPassageLength: PASSAGE_TOKENS }, threads });
  const texts = await readTexts(corpus);
  const runs = await Promise.all(MODES.map((mode) => openMode(mode, { encoder, texts, threads })));
  for (let round = 0; round <= rounds; round += 1) {
    for (const run of runs) {
      await run.step(round);
    }
  }
  const modes = await Promise.all(runs.map((run) => run.finish()));
  const queryCost = (read: (mode: ModeCost) => number): number[] => modes.map((mode) => read(mode) / mode.batchSize);
  const [own = NaN, both = NaN] = queryCost(({ seconds }) => seconds);
  const [ownCpu = NaN, bothCpu = NaN] = queryCost(({ cpuSeconds }) => cpuSeconds);
  return { modes, ratio: both / own, cpuRatio: bothCpu / ownCpu };
}

async function readTexts(corpus: string): Promise<readonly string[]> {
  const texts: string[] = [];
  let index = 0;
  for await (const { text } of readCorpus(corpus)) {
    if (index % STRIDE === 0) {
      texts.push(text);
    }
    index += 1;
    if (texts.length === PASSAGES) {
      break;
    }
  }
  return texts;
}

interface OpenModeOptions {
  readonly encoder: TrainableEncoder;
  readonly texts: readonly string[];
  readonly threads: number;
}

async function openMode(mode: ModeCost["mode"], { encoder, texts, threads }: OpenModeOptions) {
  const options = resolveTrainingOptions({ mode, output: "" }, {});
  const { tokenizer, vocabulary, base } = encoder;
  const { manifest } = base;
  const reading = { tokenizer, vocabulary, prefix: "" };
  const named = texts.map((text, row) => ({ id: String(row), text }));
  const questions = named.map(({ id, text }) => ({ id, text: text.split(" ").slice(0, QUERY_WORDS).join(" ") }));
  const { dims, maxPassageLength, maxQueryLength } = manifest;
  const random = keyedRandom(["passages"]);
  const vectors = { dims, matrix: new Float32Array(texts.length * dims).map(() => random() - 0.5) };
  const task = await encoderTask({
    encoder,
    loss: trainingLoss(options, manifest),
    examples: questions.map(({ id, text }, row) => exampleOf({ id, text, row, rows: texts.length })),
    queries: tokenize(questions, { ...reading, maxLength: maxQueryLength }),
    passages:
      mode === "both"
        ? trainedSide(tokenize(named, { ...reading, maxLength: maxPassageLength }), tokenizer.padId)
        : frozenSide(vectors),
    sampling: samplingOf(options),
    guide: undefined,
    frozen: [],
    microBatch: undefined,
    threads,
    score: undefined,
    measure: "",
  });
  return new ModeRun(mode, task, options.batchSize);
}

function exampleOf({ id, text, row, rows }: { id: string; text: string; row: number; rows: number }): PreparedExample {
  const hardNegatives = Array.from({ length: NEGATIVES }, (_, index) => (row + 1 + index * 31) % rows);
  return { queryId: id, query: text, positives: [row], hardNegatives, scores: new Map() };
}

/** Steps of one mode, and what they cost. */
class ModeRun {
  readonly #mode: ModeCost["mode"];
  readonly #task: TrainingTask;
  readonly #batchSize: number;
  readonly #optimizer = createOptimizer({ learningRate: 1e-6 });
  readonly #state: ReturnType<ReturnType<typeof createOptimizer>["init"]>;
  readonly #costs: { readonly step: StepCost; readonly optimizer: StepCost; readonly tokens: number }[] = [];

  constructor(mode: ModeCost["mode"], task: TrainingTask, batchSize: number) {
    this.#mode = mode;
    this.#task = task;
    this.#batchSize = batchSize;
    this.#state = this.#optimizer.init(task.parameters);
  }

  /** Round 0 warms up and does not count. */
  async step(round: number): Promise<void> {
    const items = Array.from({ length: this.#batchSize }, (_, index) => round * this.#batchSize + index);
    let tokens = 0;
    let optimizer: StepCost = { seconds: 0, cpuSeconds: 0 };
    const step = await cost(async () => {
      const { gradients, tokens: read } = await this.#task.gradients(items, 0);
      tokens = read;
      optimizer = await cost(async () => this.#optimizer.update({ gradients }, this.#state, this.#task.parameters));
    });
    if (round > 0) {
      this.#costs.push({ step, optimizer, tokens });
    }
  }

  async finish(): Promise<ModeCost> {
    await this.#task.close();
    return {
      mode: this.#mode,
      batchSize: this.#batchSize,
      tokens: this.#costs.reduce((sum, { tokens }) => sum + tokens, 0) / this.#costs.length,
      seconds: median(this.#costs.map(({ step }) => step.seconds)),
      optimizerSeconds: median(this.#costs.map(({ optimizer }) => optimizer.seconds)),
      cpuSeconds: median(this.#costs.map(({ step }) => step.cpuSeconds)),
    };
  }
}
