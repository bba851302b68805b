/**
 * Our training engine beside PyTorch's: the same BERT encoder, weights, batches and optimiser (AdamW, clipping), taking turns
 * in one run:
 *
 *   node scripts/bench/training.ts --model DIR [--corpus corpus.jsonl] [--python python3] [--threads 2] [--rounds 3] [--json]
 *
 * DIR has the fp32 `model.onnx` and `tokenizer.json`. Prints tokens a second, medians over the rounds after one that does not
 * count, and their ratio: above 1 means that ours is faster. `cpu` is the same by CPU time, which a busy machine changes
 * less. With `--corpus`, passages of unequal length: ours with passages of like length together, torch's in the order of the
 * file, padded to the longest of a batch, queries and passages apart, as sentence-transformers does by default. Then the
 * limit that either side's matrix product sets, and where the time of ours goes, by operator. Without torch in that Python
 * only ours is measured.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../training/format-table.ts";
import { contrastiveStep } from "../torch-peer/contrastive-step.ts";
import { TorchPeer } from "../torch-peer/torch-peer.ts";
import { median } from "./edge/statistics.ts";
import { fixedBatch, realPairs, toBatches, tokenCount } from "./training/batches.ts";
import type { Pairs } from "./training/batches.ts";
import { matrixLimit } from "./training/matrix-limit.ts";
import { OwnEngine } from "./training/own-engine.ts";
import type { StepCost } from "./training/own-engine.ts";
import { profileStep } from "./training/profile-step.ts";

const SHAPES: readonly (readonly [texts: number, tokens: number])[] = [
  [32, 128],
  [8, 128],
  [64, 16],
];
const REAL_BATCH = 16;
const REAL_PAIRS = 64;

/** One side's batches of a round: the same real tokens for both, in batches of its own. */
interface Case {
  readonly name: string;
  readonly together: boolean;
  readonly ours: (round: number) => readonly Pairs[];
  readonly torchs: (round: number) => readonly Pairs[];
}

interface Result {
  readonly name: string;
  readonly tokensPerSecond: number;
  readonly torchTokensPerSecond: number;
  readonly ratio: number;
  readonly cpuRatio: number;
}

interface BenchOptions {
  readonly model: string;
  readonly corpus: string | undefined;
  readonly python: string;
  readonly threads: number;
  readonly rounds: number;
}

async function benchTraining(options: BenchOptions) {
  const { model, python, threads } = options;
  const peer = await TorchPeer.start({ python, model: path.join(model, "model.onnx"), threads });
  const results: Result[] = [];
  let torchPeak = NaN;
  for (const each of await cases(options)) {
    const { result, peakBytes } = await measure(each, { ...options, peer });
    results.push(result);
    torchPeak = peakBytes;
  }
  const limits = { ours: await matrixLimit(threads), torch: (await peer?.ask({ do: "limit" }))?.gigaflops ?? NaN };
  const peak = { ours: process.resourceUsage().maxRSS * 1024, torch: torchPeak };
  peer?.stop();
  const step = await contrastiveStep(model, true);
  const profile = await profileStep(step, { ...fixedBatch(8, 128, 0), threads });
  return { threads, results, matrixGigaflops: limits, peakBytes: peak, profile };
}

async function cases({ model, corpus }: BenchOptions): Promise<readonly Case[]> {
  const fixed = SHAPES.map(([texts, tokens]): Case => {
    const batches = (round: number): readonly Pairs[] => [fixedBatch(texts, tokens, round)];
    return { name: `${texts}x${tokens}`, together: true, ours: batches, torchs: batches };
  });
  if (corpus === undefined) {
    return fixed;
  }
  const pairs = await realPairs({ corpus, model, count: REAL_PAIRS });
  const ours = toBatches(pairs, REAL_BATCH, true);
  const torchs = toBatches(pairs, REAL_BATCH, false);
  return [...fixed, { name: "real passages", together: false, ours: () => ours, torchs: () => torchs }];
}

async function measure(
  { name, together, ours, torchs }: Case,
  { model, threads, rounds, peer }: BenchOptions & { readonly peer: TorchPeer | undefined },
): Promise<{ readonly result: Result; readonly peakBytes: number }> {
  const engine = await OwnEngine.open(await contrastiveStep(model, together), threads);
  const own: StepCost[] = [];
  const torch: StepCost[] = [];
  let [tokens, peakBytes] = [0, NaN];
  for (let round = 0; round <= rounds; round += 1) {
    const batches = ours(round);
    tokens = batches.reduce((sum, batch) => sum + tokenCount(batch), 0);
    const mine = await total(batches, ({ queries, passages }) => engine.step(queries, passages));
    const theirs = await total(peer === undefined ? [] : torchs(round), async (batch) => {
      const reply = await peer?.ask({ do: "step", together, ...batch });
      peakBytes = reply?.peakBytes ?? NaN;
      return reply ?? { seconds: NaN, cpuSeconds: NaN };
    });
    if (round > 0) {
      own.push(mine);
      torch.push(theirs);
    }
  }
  await engine.close();
  const [seconds, torchSeconds] = [own, torch].map((costs) => median(costs.map((cost) => cost.seconds)));
  const [cpu, torchCpu] = [own, torch].map((costs) => median(costs.map(({ cpuSeconds }) => cpuSeconds)));
  const result = {
    name,
    tokensPerSecond: tokens / (seconds ?? NaN),
    torchTokensPerSecond: tokens / (torchSeconds ?? NaN),
    ratio: (torchSeconds ?? NaN) / (seconds ?? NaN),
    cpuRatio: (torchCpu ?? NaN) / (cpu ?? NaN),
  };
  return { result, peakBytes };
}

async function total(batches: readonly Pairs[], step: (batch: Pairs) => Promise<StepCost>): Promise<StepCost> {
  let [seconds, cpuSeconds] = [0, 0];
  for (const batch of batches) {
    const cost = await step(batch);
    seconds += cost.seconds;
    cpuSeconds += cost.cpuSeconds;
  }
  return { seconds, cpuSeconds };
}

function format({ results, matrixGigaflops, peakBytes, profile }: Awaited<ReturnType<typeof benchTraining>>): string {
  const whole = (value: number): string => value.toFixed(0);
  const busy = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [
    formatTable(
      ["batch", "tokens/s", "torch", "ratio", "ratio by cpu"],
      results.map(({ name, tokensPerSecond, torchTokensPerSecond, ratio, cpuRatio }) => [
        name,
        whole(tokensPerSecond),
        whole(torchTokensPerSecond),
        ratio.toFixed(2),
        cpuRatio.toFixed(2),
      ]),
    ),
    `matrix products  onnxruntime ${whole(matrixGigaflops.ours)} GFLOP/s, torch ${whole(matrixGigaflops.torch)} GFLOP/s`,
    `peak memory      ours ${whole(peakBytes.ours / 2 ** 20)} MiB, torch ${whole(peakBytes.torch / 2 ** 20)} MiB`,
    "",
    formatTable(
      ["operator, 8x128", "nodes", "ms", "share"],
      profile
        .slice(0, 12)
        .map(({ operator, nodes, milliseconds }) => [
          operator,
          String(nodes),
          milliseconds.toFixed(1),
          `${((100 * milliseconds) / busy).toFixed(1)} %`,
        ]),
    ),
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    corpus: { type: "string" },
    python: { type: "string", default: "python3" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
if (values.model === undefined) {
  console.error("give --model, a folder with the fp32 model.onnx and tokenizer.json");
  process.exit(2);
}
const { model, corpus, python, json } = values;
const report = await benchTraining({
  model,
  corpus,
  python,
  threads: Number(values.threads),
  rounds: Number(values.rounds),
});
console.log(json ? JSON.stringify(report, undefined, 2) : format(report));
