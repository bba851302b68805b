import path from "node:path";
import type { Progress, ProgressOptions } from "../../../training/progress.ts";
import type { JudgedSet } from "../../../training/reproduction/judged-sets.ts";
import { train } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { GivenTrainingOptions } from "../../../training/trainer/training-options.ts";
import { thawEncoder } from "./thaw-encoder.ts";
import { writeTexts } from "./write-texts.ts";

export interface DistillTinyOptions {
  readonly data: string;
  /** Folder of the teacher, fp32. */
  readonly encoder: string;
  readonly work: string;
  /** Sets whose questions are not to be trained on. */
  readonly measured: readonly JudgedSet[];
  readonly layers: readonly number[];
  /** Folder of an edge encoder of as many layers, to go on from; undefined: from the teacher's own layers. */
  readonly from: string | undefined;
  /** Sentences of passages among the texts at most. */
  readonly sentences: number;
  /** Titles of passages among the texts at most. */
  readonly titles: number;
  /** Runs of a few words among the texts at most. */
  readonly spans: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Where the passages were cut that its queries search. */
  readonly passageTokens: number;
  readonly threads: number;
  readonly cache: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Steps between measurements of the likeness to the teacher, on texts held out; also between checkpoints. */
const MEASURE_EVERY = 500;

/** Where the texts are. */
export function textsFile(work: string): string {
  return path.join(work, "texts.txt");
}

/** Writes the texts, trains, and returns the folder of the small encoder. A run that was stopped goes on. */
export async function distillTiny(options: DistillTinyOptions): Promise<string> {
  const { data, encoder, work, measured, layers, from, sentences, titles, spans, epochs, learningRate, threads, log } =
    options;
  const file = textsFile(work);
  const counts = await writeTexts({ data, output: file, sentences, titles, spans, measured });
  log(
    `${counts.questions} questions, ${counts.sentences} sentences, ${counts.titles} titles, ${counts.spans} runs of words`,
  );
  const output = path.join(work, `layers-${layers.join("-")}`);
  const start =
    from === undefined
      ? { layers: [...layers] }
      : { student: await thawEncoder({ edge: from, encoder, layers, output: path.join(work, "thawed") }) };
  const given: GivenTrainingOptions = {
    mode: "distill",
    encoder,
    texts: file,
    ...start,
    maxTexts: Number.MAX_SAFE_INTEGER,
    epochs,
    learningRate,
    schedule: "cosine",
    evaluateEvery: MEASURE_EVERY,
    maxPassageLength: options.passageTokens, // part of what the passages' fingerprint says
    output,
    threads,
  };
  await train({ ...options, options: resolveTrainingOptions(given, {}), overwrite: false });
  return path.join(output, "encoder");
}
