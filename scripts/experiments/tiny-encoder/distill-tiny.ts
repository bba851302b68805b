import path from "node:path";
import type { Progress, ProgressOptions } from "../../../training/progress.ts";
import { train } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { GivenTrainingOptions } from "../../../training/trainer/training-options.ts";
import { thawEncoder } from "./thaw-encoder.ts";

export interface DistillTinyOptions {
  /** Folder of the teacher, fp32. */
  readonly encoder: string;
  readonly work: string;
  /** File of plain texts, see `writeTexts`. */
  readonly texts: string;
  readonly layers: readonly number[];
  /** Folder of an edge encoder of as many layers, to go on from; undefined: from the teacher's own layers. */
  readonly from: string | undefined;
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

/** Trains, and returns the folder of the small encoder. A run that was stopped goes on. */
export async function distillTiny(options: DistillTinyOptions): Promise<string> {
  const { texts, encoder, work, layers, from, epochs, learningRate, threads } = options;
  const output = path.join(work, `layers-${layers.join("-")}`);
  const start =
    from === undefined
      ? { layers: [...layers] }
      : { student: await thawEncoder({ ...options, edge: from, output: path.join(work, "thawed") }) };
  const given: GivenTrainingOptions = {
    mode: "distill",
    encoder,
    texts,
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
