/**
 * Our training engine beside PyTorch's: the same BERT encoder, weights, batches and optimiser (AdamW, clipping), taking turns
 * in one run:
 *
 *   node scripts/bench/training.ts --model DIR [--corpus corpus.jsonl] [--python python3] [--threads 2] [--rounds 3] [--json]
 *
 * DIR has the fp32 `model.onnx` and `tokenizer.json`. Prints tokens a second, medians over the rounds after one that does not
 * count, and their ratio: above 1 means that ours is faster. `ratio by cpu` is the same by CPU time of all threads, which a busy
 * machine changes less; on one that others use too, trust it with `--threads 1` only, as threads of torch wait by spinning.
 * The memory columns are the peak of either process up to that line. With `--corpus`, an epoch over passages of unequal length,
 * tokenising included: ours with passages of like length together, as `aar train` does, beside sentence-transformers' own
 * trainer with its defaults (batches of 8; needs sentence-transformers and datasets in that Python). Then the limit that either side's matrix products set on this processor, what
 * share of it a step of 32x128 reaches, and where the time of ours goes, by operator. Without torch in that Python only ours
 * is measured.
 */
import path from "node:path";
import { formatTable } from "../../training/format-table.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { contrastiveStep } from "../torch-peer/contrastive-step.ts";
import { TorchPeer } from "../torch-peer/torch-peer.ts";
import type { PeerReply } from "../torch-peer/torch-peer.ts";
import { median } from "./edge/statistics.ts";
import { fixedBatch, LONGEST, readTokenizer, realPairs, toBatches, tokenCount } from "./training/batches.ts";
import type { Pairs } from "./training/batches.ts";
import { matrixLimit } from "./training/matrix-limit.ts";
import { cost, OwnEngine } from "./training/own-engine.ts";
import type { StepCost } from "./training/own-engine.ts";
import { profileStep } from "./training/profile-step.ts";

const SHAPES: readonly (readonly [texts: number, tokens: number])[] = [
  [32, 128],
  [8, 128],
  [64, 16],
];
/** The first of them. */
const PROFILED: readonly [texts: number, tokens: number] = [32, 128];
/** Default of sentence-transformers' trainer, and of `aar train --mode both`. */
const REAL_BATCH = 8;
const REAL_PAIRS = 128;

/** What both sides do in a round: the same real tokens. */
interface Case {
  readonly name: string;
  /** Queries and passages in one pass. */
  readonly together: boolean;
  readonly tokens: (round: number) => number;
  readonly ours: (engine: OwnEngine, round: number) => Promise<StepCost>;
  readonly torch: (peer: TorchPeer, round: number) => Promise<PeerReply>;
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
    const batch = (round: number): Pairs => fixedBatch(texts, tokens, round);
    return {
      name: `${texts}x${tokens}`,
      together: true,
      tokens: (round) => tokenCount(batch(round)),
      ours: (engine, round) => engine.step(batch(round).queries, batch(round).passages),
      torch: (peer, round) => peer.ask({ do: "step", together: true, ...batch(round) }),
    };
  });
  return corpus === undefined ? fixed : [...fixed, await realCase(model, corpus)];
}

async function realCase(model: string, corpus: string): Promise<Case> {
  const pairs = await realPairs(corpus, REAL_PAIRS);
  const tokenizer = await readTokenizer(model);
  const batches = (): readonly Pairs[] => toBatches(pairs, tokenizer, REAL_BATCH);
  const tokens = batches().reduce((sum, batch) => sum + tokenCount(batch), 0);
  return {
    name: "real passages",
    together: false,
    tokens: () => tokens,
    ours: (engine) =>
      cost(async () => {
        for (const { queries, passages } of batches()) {
          await engine.step(queries, passages);
        }
      }),
    torch: (peer) => peer.ask({ do: "epoch", pairs, batchSize: REAL_BATCH, longest: LONGEST }),
  };
}

const NOT_COMPARED: PeerReply = { seconds: NaN, cpuSeconds: NaN, peakBytes: NaN };

async function measure(
  { name, together, tokens, ours, torch }: Case,
  { model, threads, rounds, peer }: BenchOptions & { readonly peer: TorchPeer | undefined },
): Promise<Result> {
  const engine = await OwnEngine.open(await contrastiveStep(model, together), threads);
  const own: StepCost[] = [];
  const theirs: PeerReply[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const mine = await ours(engine, round);
    const reply = peer === undefined ? NOT_COMPARED : await torch(peer, round);
    if (round === 0) {
      continue; // it warms up
    }
    if (reply.missing !== undefined) {
      process.stderr.write(`${name}: that Python lacks what it is compared with: ${reply.missing}\n`);
    }
    own.push(mine);
    theirs.push(reply.missing === undefined ? reply : NOT_COMPARED);
  }
  await engine.close();
  const [seconds, torchSeconds] = [own, theirs].map((costs) => median(costs.map((each) => each.seconds)));
  const [cpu, torchCpu] = [own, theirs].map((costs) => median(costs.map(({ cpuSeconds }) => cpuSeconds)));
  return {
    name,
    tokensPerSecond: tokens(rounds) / (seconds ?? NaN),
    torchTokensPerSecond: tokens(rounds) / (torchSeconds ?? NaN),
    ratio: (torchSeconds ?? NaN) / (seconds ?? NaN),
    cpuRatio: (torchCpu ?? NaN) / (cpu ?? NaN),
    peakBytes: { ours: process.resourceUsage().maxRSS * 1024, torch: theirs.at(-1)?.peakBytes ?? NaN },
  };
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

const { values } = parseScriptFlags({
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
