import { availableParallelism } from "node:os";
import path from "node:path";
import { formatTable } from "../../training/format-table.ts";
import { createProgress } from "../../training/progress.ts";
import type { ProgressOptions } from "../../training/progress.ts";
import type { ExpectedCell } from "../../training/reproduction/expected-values.ts";
import { TEST_SETS } from "../../training/reproduction/judged-sets.ts";
import type { JudgedSet } from "../../training/reproduction/judged-sets.ts";
import { cellKey, measureModel } from "../../training/reproduction/measure-model.ts";
import type { MeasureModelOptions } from "../../training/reproduction/measure-model.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { distillTiny } from "./tiny-encoder/distill-tiny.ts";
import type { DistillTinyOptions } from "./tiny-encoder/distill-tiny.ts";
import { matchRankings } from "./tiny-encoder/match-rankings.ts";
import { writeTexts } from "./tiny-encoder/write-texts.ts";

const USAGE = `A small query encoder over the passage vectors of a large one:

  node scripts/experiments/tiny-encoder.ts --data DIR --encoder DIR [options]

Writes plain texts (questions of training splits, sentences and titles of passages), trains some layers of the encoder to embed them as all of
them do (\`aar train --mode distill\`), and measures both on the same passages. What is finished is not done again.

  --layers 0,5       layers that are kept
  --sentences N      of passages at most, beside all questions of training splits; default 120000
  --titles N         of passages at most; default 75000
  --spans N          runs of a few words of passages at most; default 0
  --rank-over A,B    then a contrastive stage: match the full encoder's rankings over the passages of these folders of vectors
  --rank-texts N     texts that are ranked for, the first by a hash; default 100000
  --rank-rate R      its learning rate, default 5e-5
  --from DIR         go on from this edge encoder of as many layers, its weights made float32 again
  --epochs N         default 2
  --rate R           learning rate, default 5e-4
  --parts dev|test   what is measured on; default dev: settings are chosen there
  --only A,B         of the sets
  --vectors DIR      folder with the passages' vectors, named as the corpora, at 128 tokens; what is missing is encoded and cached
  --tiny DIR         measure this encoder instead of training one, or begin the contrastive stage with it
  --work DIR         default .aar/tiny-encoder`;

/** Development questions; none of them is trained on. */
const DEVELOPMENT_SETS: Readonly<Record<string, JudgedSet>> = {
  "nfcorpus dev": { corpus: "nfcorpus", split: "dev" },
  "fairytaleqa val": { corpus: "fairytaleqa", split: "val" },
  "nq dev": { corpus: "wiki_all", split: "dev", prefix: "nq_passages/" },
  "hotpotqa dev": { corpus: "wiki_all", split: "dev", prefix: "hotpotqa_small/" },
};
const QUESTIONS = 1000;
const PASSAGE_TOKENS = 128;

const FLAGS = {
  data: { type: "string" },
  encoder: { type: "string" },
  layers: { type: "string", default: "0,5" },
  sentences: { type: "string", default: "120000" },
  titles: { type: "string", default: "75000" },
  spans: { type: "string", default: "0" },
  from: { type: "string" },
  "rank-over": { type: "string" },
  "rank-texts": { type: "string", default: "100000" },
  "rank-rate": { type: "string", default: "5e-5" },
  epochs: { type: "string", default: "2" },
  rate: { type: "string", default: "5e-4" },
  parts: { type: "string", default: "dev" },
  only: { type: "string" },
  vectors: { type: "string" },
  tiny: { type: "string" },
  work: { type: "string", default: ".aar/tiny-encoder" },
  threads: { type: "string", default: String(availableParallelism()) },
} as const;

/** See USAGE. */
async function main(): Promise<void> {
  const { values } = parseScriptFlags({ options: FLAGS }, USAGE);
  const { data, encoder, work, vectors } = values;
  if (data === undefined || encoder === undefined || (values.parts !== "dev" && values.parts !== "test")) {
    throw new Error(USAGE);
  }
  const threads = Number(values.threads);
  const log = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const running = {
    threads,
    progress: (options: ProgressOptions) => createProgress({ ...options, stream: process.stderr }),
    signal: new AbortController().signal,
    log,
    cache: path.join(work, "cache"),
  };
  const tiny = await trainTiny({ ...values, data, encoder }, running);
  const table = values.parts === "dev" ? DEVELOPMENT_SETS : (TEST_SETS as Readonly<Record<string, JudgedSet>>);
  const wanted = values.only?.split(",") ?? Object.keys(table);
  const cells = wanted.map((set) => ({ set, mode: "dense", measure: "nDCG@10", value: 0 }) as const);
  const options = { ...running, project: "", sets: table, data, vectors, questions: QUESTIONS };
  process.stdout.write(`${await compare({ full: encoder, tiny, cells }, options)}\n`);
}

type Values = ReturnType<typeof parseScriptFlags<{ options: typeof FLAGS }>>["values"];
type Running = Pick<DistillTinyOptions, "threads" | "progress" | "signal" | "log" | "cache">;

/** Folder of the small encoder: the one given, or one that is trained here; what is trained already is taken as it is. */
async function trainTiny(
  values: Values & { readonly data: string; readonly encoder: string },
  running: Running,
): Promise<string> {
  const { data, encoder, work, tiny, "rank-over": over } = values;
  const common = { ...running, encoder, work, texts: path.join(work, "texts.txt"), passageTokens: PASSAGE_TOKENS };
  if (tiny === undefined || over !== undefined) {
    const counts = await writeTexts({
      data,
      output: common.texts,
      measured: [...Object.values<JudgedSet>(TEST_SETS), ...Object.values(DEVELOPMENT_SETS)],
      sentences: Number(values.sentences),
      titles: Number(values.titles),
      spans: Number(values.spans),
    });
    running.log(
      Object.entries(counts)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(", "),
    );
  }
  const aligned =
    tiny ??
    (await distillTiny({
      ...common,
      layers: values.layers.split(",").map(Number),
      from: values.from,
      epochs: Number(values.epochs),
      learningRate: Number(values.rate),
    }));
  return over === undefined
    ? aligned
    : await matchRankings({
        ...common,
        tiny: aligned,
        count: Number(values["rank-texts"]),
        vectors: over.split(","),
        epochs: 1,
        learningRate: Number(values["rank-rate"]),
      });
}

interface Compared {
  /** Folders of encoders; the first also made the passages' vectors. */
  readonly full: string;
  readonly tiny: string;
  readonly cells: readonly ExpectedCell[];
}

async function compare({ full, tiny, cells }: Compared, options: MeasureModelOptions): Promise<string> {
  const passages = { passages: full, cells, maxPassageLength: PASSAGE_TOKENS };
  const [of, by] = [
    await measureModel({ queries: full, ...passages }, options),
    await measureModel({ queries: tiny, ...passages }, options),
  ];
  const rows = cells.map((cell) => {
    const [a = Number.NaN, b = Number.NaN] = [of.get(cellKey(cell)), by.get(cellKey(cell))];
    return { set: cell.set, full: a, tiny: b, share: b / a };
  });
  const mean = rows.reduce((sum, { share }) => sum + share, 0) / rows.length;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return `nDCG@10, dense\n${formatTable(
    ["set", "full", "tiny", "share"],
    [
      ...rows.map((row) => [row.set, row.full.toFixed(4), row.tiny.toFixed(4), percent(row.share)]),
      ["mean", "", "", percent(mean)],
    ],
  )}`;
}

await main();
