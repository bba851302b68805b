import { cosine } from "../../../src/encoder/vector.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { hashFraction } from "../../artifacts/hash-split.ts";
import { sha256File } from "../../artifacts/meta.ts";
import { loadPlainTexts } from "../../artifacts/plain-texts.ts";
import type { PlainText } from "../../artifacts/plain-texts.ts";
import { keepLayers } from "../../onnx/keep-layers.ts";
import { EmbeddingSession } from "../embedding-session.ts";
import { encoderSettings } from "../encoder-settings.ts";
import { finishEncoder } from "../finish-encoder.ts";
import type { PreparedRun, RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { samplingOf } from "../step-options.ts";
import { tokenize } from "../token-feeds.ts";
import { openTrainableEncoder } from "../trainable-encoder.ts";
import type { PreparedExample } from "../training-data.ts";
import { trainingLoss } from "../training-loss.ts";
import type { TrainingOptions } from "../training-options.ts";
import { packRows } from "../vector-rows.ts";
import { encoderTask, frozenSide } from "./encoder-task.ts";
import { encodeQueries } from "./frozen-passages.ts";

/** Of the texts, held out to measure on. */
const HELD_OUT_SHARE = 0.1;

/**
 * Mode `distill`: an encoder of some of the teacher's layers learns to embed texts as the teacher embeds queries, so that its
 * queries search the teacher's passage vectors.
 */
export async function prepareDistill(context: RunContext): Promise<PreparedRun> {
  const { options, threads } = context;
  const [folder, file] = [requireOption(options, "encoder"), textsFile(options)];
  const layers = requireOption(options, "layers");
  const teacher = await openTrainableEncoder(folder, { settings: encoderSettings(options), threads });
  const { base, tokenizer, vocabulary } = teacher;
  const { manifest, fingerprint } = base;
  const loss = trainingLoss(options, manifest);
  const { model, layerCount } = keepLayers(teacher.spec.model, { output: manifest.model.output, layers });
  const student = { ...teacher, spec: { ...teacher.spec, model } };
  const { trained, heldOut } = holdOut(await loadPlainTexts(file), options);
  const targets = packRows(await encodeQueries(trained, { ...context, encoder: base }), manifest.dims);
  const heldOutTargets = await encodeQueries(heldOut, { ...context, encoder: base });
  const reading = { tokenizer, vocabulary, prefix: manifest.queryPrefix, maxLength: manifest.maxQueryLength };
  const heldOutTokens = tokenize(heldOut, reading);
  const embedding = await EmbeddingSession.open({ encoder: student.spec, padId: tokenizer.padId, threads });
  const task = await encoderTask({
    encoder: student,
    loss,
    examples: trained.map(exampleOf),
    queries: tokenize(trained, reading),
    passages: frozenSide(targets),
    sampling: samplingOf(options),
    guide: undefined,
    frozen: options.frozen ?? [],
    microBatch: options.microBatch,
    threads,
    score: async (weights) => {
      const embeddings = await embedding.embed(heldOutTokens, weights);
      const cosines = embeddings.map((vector, text) => cosine(vector, heldOutTargets[text] ?? new Float32Array(0)));
      return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    },
    measure: "cosine to the teacher",
  });
  const inputs = { texts: await sha256File(file), encoder: manifest.model.sha256 };
  const facts = {
    texts: trained.length,
    heldOutTexts: heldOut.length,
    keptLayers: layers.length,
    teacherLayers: layerCount,
  };
  return {
    task,
    inputs,
    facts,
    finish: (state) =>
      finishEncoder({ context, encoder: student, task, state, inputs, facts, model, compatibleWith: fingerprint }),
    close: async () => {
      await task.close();
      await embedding.release();
    },
  };
}

function textsFile({ texts, corpus }: TrainingOptions): string {
  const file = texts ?? corpus;
  if (file === undefined) {
    throw new AppError("invalid_request", "mode distill needs --texts or --corpus");
  }
  return file;
}

/** Of `maxTexts` texts, by their hashes, a tenth (at most `devQueries`) is measured on and not trained on. */
function holdOut(
  texts: readonly PlainText[],
  { maxTexts, devQueries, seed }: TrainingOptions,
): { readonly trained: readonly PlainText[]; readonly heldOut: readonly PlainText[] } {
  const fractions = new Map(texts.map(({ text }) => [text, hashFraction(text, seed)]));
  const fractionOf = ({ text }: PlainText): number => fractions.get(text) ?? 0;
  const chosen = texts.toSorted((a, b) => fractionOf(a) - fractionOf(b)).slice(0, maxTexts);
  const count = Math.min(devQueries, Math.ceil(HELD_OUT_SHARE * chosen.length));
  if (count === chosen.length) {
    throw new AppError(
      "invalid_request",
      "one text is too few to train and measure on; give more, or a larger --max-texts",
    );
  }
  return { heldOut: chosen.slice(0, count), trained: chosen.slice(count) };
}

/** A text and its one target, the vector of the same row. */
function exampleOf({ id, text }: PlainText, row: number): PreparedExample {
  return { queryId: id, query: text, positives: [row], hardNegatives: [], scores: new Map() };
}
