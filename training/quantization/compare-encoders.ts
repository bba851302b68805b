import type { Encoder } from "../../src/encoder/encoder.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { measureParity } from "./parity.ts";
import type { EncoderComparison } from "./report.ts";
import { measureRetrieval } from "./retrieval-parity.ts";
import type { RetrievalParity } from "./retrieval-parity.ts";
import type { SampledTexts } from "./sample-texts.ts";
import { measureSpeed } from "./speed-ratio.ts";
import { openTimedModel } from "./timed-model.ts";

/** An encoder and the file it runs. */
export interface OpenEncoder {
  readonly encoder: Encoder;
  readonly modelPath: string;
}

export interface CompareEncodersOptions {
  readonly reference: OpenEncoder;
  readonly candidate: OpenEncoder;
  readonly texts: SampledTexts;
  /** BEIR-style folders with judgments. */
  readonly folders: readonly string[];
  /** Made the passages that both search; undefined: each its own. */
  readonly passageEncoder: Encoder | undefined;
  readonly split: string;
  readonly cache: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** A short query, and a passage. */
const TIMED_LENGTHS = [16, 128];

/** Measures a quantised encoder beside the one it came from: cosine, retrieval, speed. */
export async function compareEncoders(options: CompareEncodersOptions): Promise<EncoderComparison> {
  const { reference, candidate, texts, folders, passageEncoder, split, cache, progress, signal } = options;
  const total = texts.passages.length + texts.queries.length;
  const parityProgress = progress({ label: "parity", total, unit: "texts" });
  const onTexts = (count: number): void => {
    signal.throwIfAborted();
    parityProgress.advance(count);
  };
  const parity = await measureParity({ reference: reference.encoder, candidate: candidate.encoder, texts, onTexts });
  parityProgress.finish();
  const speed = await measureSpeed({
    reference: await openTimedModel(reference.modelPath, reference.encoder.manifest),
    candidate: await openTimedModel(candidate.modelPath, candidate.encoder.manifest),
    lengths: TIMED_LENGTHS,
  });
  const retrieval: RetrievalParity[] = [];
  for (const folder of folders) {
    const encoders = { before: reference.encoder, after: candidate.encoder, passageEncoder };
    retrieval.push(await measureRetrieval({ folder, split, ...encoders, cache, progress, signal }));
  }
  const { bytes, sha256 } = candidate.encoder.manifest.model;
  return { bytes, sha256, ...parity, retrieval, speed };
}
