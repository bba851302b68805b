import path from "node:path";
import { joinTitleAndText } from "../../../src/encoder/passage-text.ts";
import { cosine } from "../../../src/encoder/vector.ts";
import { loadCorpus } from "../../artifacts/beir.ts";
import { hashFraction } from "../../artifacts/hash-split.ts";
import { sha256File } from "../../artifacts/meta.ts";
import { embeddingAlignment } from "../../losses/embedding-alignment.ts";
import { keepLayers } from "../../onnx/keep-layers.ts";
import { readModel } from "../../onnx/reader.ts";
import { EmbeddingSession } from "../embedding-session.ts";
import { encoderSettings } from "../encoder-settings.ts";
import { finishEncoder } from "../finish-encoder.ts";
import type { PreparedRun, RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { samplingOf } from "../step-options.ts";
import { tokenize } from "../token-feeds.ts";
import { openTrainableEncoder } from "../trainable-encoder.ts";
import { packRows } from "../vector-rows.ts";
import { encoderTask, frozenSide } from "./encoder-task.ts";
import { encodeQueries } from "./frozen-passages.ts";

/** Share of the texts that are kept to measure on. */
const HELD_OUT = 0.05;

/**
 * Mode `distill`: a query encoder of some of the teacher's layers learns to embed plain text as the teacher does, so that it
 * searches the teacher's vectors. Its dev measure is the mean cosine to the teacher over texts kept aside.
 */
export async function prepareDistill(context: RunContext): Promise<PreparedRun> {
  const { options, threads, log } = context;
  const [folder, corpusFile] = [requireOption(options, "encoder"), requireOption(options, "corpus")];
  const teacher = await openTrainableEncoder(folder, { settings: encoderSettings(options), threads });
  const { tokenizer, vocabulary, base } = teacher;
  const { manifest, fingerprint } = base;
  const model = await readModel(path.join(folder, manifest.model.file));
  keepLayers(model, requireOption(options, "layers"));
  const corpus = await loadCorpus(corpusFile, log);
  const all = corpus
    .map((passage) => ({ id: passage.id, text: joinTitleAndText(passage) }))
    .toSorted((a, b) => hashFraction(a.id, options.seed) - hashFraction(b.id, options.seed))
    .slice(0, options.maxTexts);
  const held = Math.max(1, Math.round(HELD_OUT * all.length));
  const targets = await encodeQueries(all, { ...context, encoder: base });
  const tokens = tokenize(all, {
    tokenizer,
    vocabulary,
    prefix: manifest.queryPrefix,
    maxLength: manifest.maxQueryLength,
  });
  const student = { ...teacher, spec: { ...teacher.spec, model } };
  const embedding = await EmbeddingSession.open({ encoder: student.spec, padId: tokenizer.padId, threads });
  const inputs = { corpus: await sha256File(corpusFile), encoder: manifest.model.sha256 };
  const facts = { texts: all.length - held, heldOutTexts: held };
  const task = await encoderTask({
    encoder: student,
    loss: embeddingAlignment({ distance: manifest.normalize ? "cosine" : "squared" }),
    examples: all.slice(held).map(({ id, text }, index) => ({
      queryId: id,
      query: text,
      positives: [index],
      hardNegatives: [],
      scores: new Map(),
    })),
    queries: tokens.slice(held),
    passages: frozenSide(packRows(targets.slice(held), manifest.dims)),
    sampling: { ...samplingOf(options), maxPositives: 1, negatives: 0 },
    frozen: options.frozen ?? [],
    microBatch: options.microBatch,
    threads,
    score: async (weights) => {
      const embeddings = await embedding.embed(tokens.slice(0, held), weights);
      const none = new Float32Array(manifest.dims);
      return embeddings.reduce((sum, vector, index) => sum + cosine(vector, targets[index] ?? none), 0) / held;
    },
    measure: "cosine to the teacher",
  });
  return {
    task,
    inputs,
    facts,
    finish: (state) =>
      finishEncoder({ context, encoder: student, task, state, inputs, facts, model, compatibleWith: fingerprint }),
    close: () => embedding.release(),
  };
}
