import { DEV_MEASURE, devScore } from "../dev-set.ts";
import { EmbeddingSession } from "../embedding-session.ts";
import { encoderSettings } from "../encoder-settings.ts";
import { finishEncoder } from "../finish-encoder.ts";
import type { PreparedRun, RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { samplingOf } from "../step-options.ts";
import { tokenize } from "../token-feeds.ts";
import { openTrainableEncoder } from "../trainable-encoder.ts";
import { trainingLoss } from "../training-loss.ts";
import { encoderTask, frozenSide } from "./encoder-task.ts";
import { loadFrozenPassages } from "./frozen-passages.ts";

/** Mode `query-encoder`: the whole encoder learns to embed queries, against passage vectors that stay as they are. */
export async function prepareQueryEncoder(context: RunContext): Promise<PreparedRun> {
  const { options, threads } = context;
  const folder = requireOption(options, "encoder");
  const encoder = await openTrainableEncoder(folder, { settings: encoderSettings(options), threads });
  const { tokenizer, vocabulary, base, spec } = encoder;
  const { manifest, fingerprint } = base;
  const frozen = await loadFrozenPassages({ ...context, encoder: base, needsQueryVectors: false });
  const { vectors, search, examples, guide, dev, inputs, facts } = frozen;
  const reading = { tokenizer, vocabulary, prefix: manifest.queryPrefix, maxLength: manifest.maxQueryLength };
  const devTokens = tokenize(dev?.queries ?? [], reading);
  const embedding = await EmbeddingSession.open({ encoder: spec, padId: tokenizer.padId, threads });
  const task = await encoderTask({
    encoder,
    loss: trainingLoss(options, manifest),
    examples,
    queries: tokenize(
      examples.map(({ queryId: id, query: text }) => ({ id, text })),
      reading,
    ),
    passages: frozenSide({ matrix: vectors.matrix, dims: manifest.dims }),
    sampling: samplingOf(options),
    guide,
    frozen: options.frozen ?? [],
    microBatch: options.microBatch,
    threads,
    score:
      dev === undefined
        ? undefined
        : async (weights) =>
            await devScore({
              set: dev,
              queryVectors: await embedding.embed(devTokens, weights),
              search,
              passageIds: vectors.ids,
            }),
    measure: DEV_MEASURE,
  });
  return {
    task,
    inputs,
    facts,
    finish: (state, blend) =>
      finishEncoder({
        context,
        encoder,
        task,
        state,
        blend,
        inputs,
        facts,
        model: spec.model,
        compatibleWith: fingerprint,
      }),
    close: async () => {
      await task.close();
      await embedding.release();
      await search.close();
    },
  };
}
