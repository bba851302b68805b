import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { createOnnxEncoder } from "../../src/encoder/onnx-encoder.ts";
import type { TextTokenizer } from "../../src/encoder/tokenizer.ts";
import { readModel } from "../onnx/reader.ts";
import { createStatisticsCollector } from "./collect-statistics.ts";
import type { StatisticsByValue } from "./input-statistics.ts";
import { quantizableInputs } from "./quantize-model.ts";
import type { SampledTexts } from "./sample-texts.ts";

export interface CalibrateOptions {
  readonly modelPath: string;
  readonly manifest: EncoderManifest;
  readonly tokenizer: TextTokenizer;
  readonly texts: SampledTexts;
  readonly threads: number;
  /** Called after each text. */
  readonly onText: () => void;
  readonly signal: AbortSignal;
}

/** Runs texts through the fp32 model, one at a time, and gathers what quantisation wants to know of its inner values. */
export async function calibrate(options: CalibrateOptions): Promise<StatisticsByValue> {
  const { modelPath, manifest, tokenizer, texts, threads, onText, signal } = options;
  const { inputs, output } = manifest.model;
  // Read twice: finding the values drops what the output does not need, watching adds outputs.
  const watched = quantizableInputs(await readModel(modelPath), output);
  const model = await readModel(modelPath);
  const collector = await createStatisticsCollector({ model, inputs, output, watched, threads });
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session: collector.session, maxBatchTokens: 1 });
  for (const passage of texts.passages) {
    signal.throwIfAborted();
    await encoder.encodePassages([passage]);
    onText();
  }
  for (const query of texts.queries) {
    signal.throwIfAborted();
    await encoder.encodeQueries([query]);
    onText();
  }
  return await collector.statistics();
}
