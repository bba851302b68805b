/**
 * Our training engine beside PyTorch's: the same BERT encoder, weights, batches and optimiser (AdamW, clipping), taking turns
 * in one run:
 *
 *   node scripts/bench/training.ts --model DIR [--corpus corpus.jsonl] [--python python3] [--threads 2] [--rounds 3] [--json]
 *
 * DIR has the fp32 `model.onnx` and `tokenizer.json`. Prints tokens a second, medians over the rounds after one that does not
 * count, and their ratio: above 1 means that ours is faster. `ratio by cpu` is the same by CPU time of all threads, which a busy
 * machine changes less; on one that others use too, trust it with `--threads 1` only, as threads of torch wait by spinning.
 * The memory columns are the peak of either process up to that line. With `--corpus`, passages of unequal length: ours with
 * passages of like length together, torch's in the order of the file, padded to the longest of a batch, queries and passages
 * apart, as sentence-transformers does by default. Then the limit that either side's matrix products set on this processor, what
 * share of it a step of 32x128 reaches, and where the time of ours goes, by operator. Without torch in that Python only ours
 * is measured.
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
/** The first of them. */
const PROFILED: readonly [texts: number, tokens: number] = [32, 128];
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
  /** Of the processes, up to the end of this case. */
  readonly peakBytes: { readonly ours: number; readonly torch: number };
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
  for (const each of await cases(options)) {
    results.push(await measure(each, { ...options, peer }));
  }
  const limits = { ours: await matrixLimit(threads), torch: (await peer?.ask({ do: "limit" }))?.gigaflops ?? NaN };
  peer?.stop();
  const step = await contrastiveStep(model, true);
  const profile = await profileStep(step, { ...fixedBatch(...PROFILED, 0), threads });
  return { threads, results, matrixGigaflops: limits, profile };
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
): Promise<Result> {
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
  return {
    name,
    tokensPerSecond: tokens / (seconds ?? NaN),
    torchTokensPerSecond: tokens / (torchSeconds ?? NaN),
    ratio: (torchSeconds ?? NaN) / (seconds ?? NaN),
    cpuRatio: (torchCpu ?? NaN) / (cpu ?? NaN),
    peakBytes: { ours: process.resourceUsage().maxRSS * 1024, torch: peakBytes },
  };
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

type Report = Awaited<ReturnType<typeof benchTraining>>;

function format(report: Report): string {
  return [
    formatTable(
      ["batch", "tokens/s", "torch", "ratio", "ratio by cpu", "peak MiB", "torch"],
      report.results.map(({ name, tokensPerSecond, torchTokensPerSecond, ratio, cpuRatio, peakBytes }) => [
        name,
        tokensPerSecond.toFixed(0),
        torchTokensPerSecond.toFixed(0),
        ratio.toFixed(2),
        cpuRatio.toFixed(2),
        (peakBytes.ours / 2 ** 20).toFixed(0),
        (peakBytes.torch / 2 ** 20).toFixed(0),
      ]),
    ),
    "",
    formatLimits(report),
    "",
    formatProfile(report),
  ].join("\n");
}

/** How near a whole step of the profiled shape comes to the speed of its matrix products alone. */
function formatLimits({ results, matrixGigaflops, profile }: Report): string {
  const [first] = results;
  const stepsPerTokens = profile.gigaflop / (PROFILED[0] * PROFILED[1]);
  const reached = {
    ours: (first?.tokensPerSecond ?? NaN) * stepsPerTokens,
    torch: (first?.torchTokensPerSecond ?? NaN) * stepsPerTokens,
  };
  const percent = (side: "ours" | "torch"): string => `${((100 * reached[side]) / matrixGigaflops[side]).toFixed(0)} %`;
  return formatTable(
    ["GFLOP/s", "ours", "torch", "ratio"],
    [
      ["matrix products alone", matrixGigaflops.ours, matrixGigaflops.torch],
      [`step of ${PROFILED.join("x")}`, reached.ours, reached.torch],
    ]
      .map(([name, ours, torch]) => [
        String(name),
        Number(ours).toFixed(0),
        Number(torch).toFixed(0),
        (Number(ours) / Number(torch)).toFixed(2),
      ])
      .concat([["share of the limit", percent("ours"), percent("torch"), ""]]),
  );
}

const SHOWN_OPERATORS = 12;

function formatProfile({ profile: { operators } }: Report): string {
  const busy = operators.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return formatTable(
    [`operator, ${PROFILED.join("x")}`, "nodes", "ms", "share", "GFLOP/s"],
    operators
      .slice(0, SHOWN_OPERATORS)
      .map(({ operator, nodes, milliseconds, gigaflop }) => [
        operator,
        String(nodes),
        milliseconds.toFixed(1),
        `${((100 * milliseconds) / busy).toFixed(1)} %`,
        gigaflop === 0 ? "" : ((1000 * gigaflop) / milliseconds).toFixed(0),
      ]),
  );
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
