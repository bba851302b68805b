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
import type { TrainableEncoder } from "../trainable-encoder.ts";
import type { PreparedExample } from "../training-data.ts";
import { trainingLoss } from "../training-loss.ts";
import type { TrainingOptions } from "../training-options.ts";
import { packRows } from "../vector-rows.ts";
import { encoderTask, frozenSide } from "./encoder-task.ts";
import { encodeQueries } from "./frozen-passages.ts";
import { studentMeasure } from "./student-measure.ts";

/**
 * Mode `distill`: an encoder of some of the teacher's layers, or one that was distilled before, learns to embed texts as the teacher
 * embeds queries, so that its queries search the teacher's passage vectors. It is measured by retrieval where dev questions are given.
 */
export async function prepareDistill(context: RunContext): Promise<PreparedRun> {
  const { options, threads } = context;
  const [folder, file] = [requireOption(options, "encoder"), textsFile(options)];
  const teacher = await openTrainableEncoder(folder, { settings: encoderSettings(options), threads });
  const { base, tokenizer, vocabulary } = teacher;
  const { manifest, fingerprint } = base;
  const loss = trainingLoss(options, manifest);
  const { student, ...sizes } = await openStudent(teacher, context);
  const reading = { tokenizer, vocabulary, prefix: manifest.queryPrefix, maxLength: manifest.maxQueryLength };
  const texts = chooseTexts(await loadPlainTexts(file), options);
  const measure = await studentMeasure({ context, teacher: base, texts, reading });
  const { trained } = measure;
  const targets = packRows(await encodeQueries(trained, { ...context, encoder: base }), manifest.dims);
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
    score: (weights) => measure.score((rows) => embedding.embed(rows, weights)),
    measure: measure.name,
  });
  const from = options.student === undefined ? {} : { student: student.base.manifest.model.sha256 };
  const inputs = { texts: await sha256File(file), encoder: manifest.model.sha256, ...from, ...measure.inputs };
  const facts = {
    texts: trained.length,
    ...measure.facts,
    ...sizes,
  };
  return {
    task,
    inputs,
    facts,
    finish: (state, blend) =>
      finishEncoder({
        context,
        encoder: student,
        task,
        state,
        blend,
        inputs,
        facts,
        model: student.spec.model,
        compatibleWith: fingerprint,
      }),
    close: async () => {
      await task.close();
      await embedding.release();
      await measure.close();
    },
  };
}

interface OpenedStudent {
  readonly student: TrainableEncoder;
  readonly keptLayers?: number;
  readonly teacherLayers?: number;
}

async function openStudent(teacher: TrainableEncoder, { options, threads }: RunContext): Promise<OpenedStudent> {
  const { manifest } = teacher.base;
  if (options.student === undefined) {
    const layers = requireOption(options, "layers");
    const { model, layerCount } = keepLayers(teacher.spec.model, { output: manifest.model.output, layers });
    const student = { ...teacher, spec: { ...teacher.spec, model } };
    return { student, keptLayers: layers.length, teacherLayers: layerCount };
  }
  if (options.layers !== undefined) {
    throw new AppError("invalid_request", "mode distill takes --layers of the teacher or a --student, not both");
  }
  const student = await openTrainableEncoder(options.student, { settings: encoderSettings(options), threads });
  const own = student.base.manifest;
  if (own.dims !== manifest.dims || own.tokenizer.sha256 !== manifest.tokenizer.sha256) {
    const sizes = (of: typeof own): string => `${of.dims} dimensions, tokeniser ${of.tokenizer.sha256.slice(0, 12)}`;
    throw new AppError(
      "invalid_artifact",
      `--student ${options.student} has ${sizes(own)}, the teacher ${sizes(manifest)}; they have to be the same`,
    );
  }
  return { student };
}

function textsFile({ texts, corpus }: TrainingOptions): string {
  const file = texts ?? corpus;
  if (file === undefined) {
    throw new AppError("invalid_request", "mode distill needs --texts or --corpus");
  }
  return file;
}

/** At most `maxTexts` texts, in the order of their hashes. */
function chooseTexts(texts: readonly PlainText[], { maxTexts, seed }: TrainingOptions): readonly PlainText[] {
  const fractions = new Map(texts.map(({ text }) => [text, hashFraction(text, seed)]));
  const fractionOf = ({ text }: PlainText): number => fractions.get(text) ?? 0;
  return texts.toSorted((a, b) => fractionOf(a) - fractionOf(b)).slice(0, maxTexts);
}

/** A text and its one target, the vector of the same row. */
function exampleOf({ id, text }: PlainText, row: number): PreparedExample {
  return { queryId: id, query: text, positives: [row], hardNegatives: [], scores: new Map() };
}
