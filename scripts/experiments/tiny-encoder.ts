import { availableParallelism } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../training/format-table.ts";
import { createProgress } from "../../training/progress.ts";
import type { ProgressOptions } from "../../training/progress.ts";
import { TEST_SETS } from "../../training/reproduction/judged-sets.ts";
import type { JudgedSet } from "../../training/reproduction/judged-sets.ts";
import { cellKey, measureModel } from "../../training/reproduction/measure-model.ts";
import { train } from "../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../training/trainer/training-options.ts";
import { writeTexts } from "./tiny-encoder/write-texts.ts";

const USAGE = `A small query encoder over the passage vectors of a large one:

  node scripts/experiments/tiny-encoder.ts --data DIR --encoder DIR [options]

Writes plain texts (questions of training splits, sentences of passages), trains some layers of the encoder to embed them as all of
them do (\`aar train --mode distill\`), and measures both on the same passages. What is finished is not done again.

  --layers 0,5       layers that are kept
  --texts N          texts at most, default 120000
  --epochs N         default 2
  --rate R           learning rate, default 5e-4
  --parts dev|test   what is measured on; default dev: settings are chosen there
  --only A,B         of the sets
  --vectors DIR      folder with the passages' vectors, named as the corpora, at 128 tokens; what is missing is encoded and cached
  --tiny DIR         measure this encoder instead of training one
  --work DIR         default .aar/tiny-encoder`;

/** Development questions; none of them is trained on. */
const DEVELOPMENT_SETS: Readonly<Record<string, JudgedSet>> = {
  "nfcorpus dev": { corpus: "nfcorpus", split: "dev" },
  "fairytaleqa val": { corpus: "fairytaleqa", split: "val" },
  "nq dev": { corpus: "wiki_all", split: "dev", prefix: "nq_passages/" },
  "hotpotqa dev": { corpus: "wiki_all", split: "dev", prefix: "hotpotqa_small/" },
};
const QUESTIONS = 1000;

/** See USAGE. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      encoder: { type: "string" },
      layers: { type: "string", default: "0,5" },
      texts: { type: "string", default: "120000" },
      epochs: { type: "string", default: "2" },
      rate: { type: "string", default: "5e-4" },
      parts: { type: "string", default: "dev" },
      only: { type: "string" },
      vectors: { type: "string" },
      tiny: { type: "string" },
      work: { type: "string", default: ".aar/tiny-encoder" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
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
  const measured = [...Object.values<JudgedSet>(TEST_SETS), ...Object.values(DEVELOPMENT_SETS)];
  const tiny = values.tiny ?? (await distill());
  const table = values.parts === "dev" ? DEVELOPMENT_SETS : (TEST_SETS as Readonly<Record<string, JudgedSet>>);
  const wanted = values.only?.split(",") ?? Object.keys(table);
  const cells = wanted.map((set) => ({ set, mode: "dense", measure: "nDCG@10", value: 0 }) as const);
  const options = { ...running, project: "", sets: table, data, vectors, questions: QUESTIONS };
  const full = await measureModel({ queries: encoder, passages: encoder, cells, maxPassageLength: 128 }, options);
  const small = await measureModel({ queries: tiny, passages: encoder, cells, maxPassageLength: 128 }, options);
  const rows = cells.map((cell) => {
    const [a, b] = [full.get(cellKey(cell)) ?? Number.NaN, small.get(cellKey(cell)) ?? Number.NaN];
    return { set: cell.set, full: a, tiny: b, share: b / a };
  });
  const mean = rows.reduce((sum, { share }) => sum + share, 0) / rows.length;
  const lines = rows.map((row) => [
    row.set,
    row.full.toFixed(4),
    row.tiny.toFixed(4),
    `${(100 * row.share).toFixed(1)} %`,
  ]);
  process.stdout.write(
    `nDCG@10, dense\n${formatTable(["set", "full", "tiny", "share"], [...lines, ["mean", "", "", `${(100 * mean).toFixed(1)} %`]])}\n`,
  );

  async function distill(): Promise<string> {
    const texts = path.join(work, "texts.txt");
    const counts = await writeTexts({
      data: data ?? "",
      output: texts,
      sentences: Number(values.texts),
      measured,
    });
    log(`${counts.questions} questions and ${counts.sentences} sentences`);
    const layers = values.layers.split(",").map(Number);
    const output = path.join(work, `layers-${layers.join("-")}`);
    const given = {
      mode: "distill",
      encoder: encoder ?? "",
      texts,
      layers,
      maxTexts: Number(values.texts),
      epochs: Number(values.epochs),
      learningRate: Number(values.rate),
      schedule: "cosine",
      evaluateEvery: 500,
      output,
      threads,
    } as const;
    await train({ ...running, options: resolveTrainingOptions(given, {}), overwrite: false });
    return path.join(output, "encoder");
  }
}

await main();
