import { joinTitleAndText } from "../../../src/encoder/passage-text.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { loadCorpus } from "../../artifacts/beir.ts";
import type { EvaluationSet } from "../../artifacts/beir.ts";
import { sha256File } from "../../artifacts/meta.ts";
import { checkExamplesOfCorpus } from "../../artifacts/training-examples.ts";
import { ProductSearch } from "../../eval/product-search.ts";
import { keyedRandom, shuffled } from "../../seeded-random.ts";
import { DEV_MEASURE, devScore, devSource, loadDevSet } from "../dev-set.ts";
import { EmbeddingSession } from "../embedding-session.ts";
import { encoderSettings } from "../encoder-settings.ts";
import { finishEncoder } from "../finish-encoder.ts";
import type { PreparedRun, RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { samplingOf } from "../step-options.ts";
import { tokenize } from "../token-feeds.ts";
import type { TokenRows } from "../token-feeds.ts";
import { openTrainableEncoder } from "../trainable-encoder.ts";
import type { TrainableEncoder } from "../trainable-encoder.ts";
import { loadTrainingData } from "../training-data.ts";
import { trainingLoss } from "../training-loss.ts";
import { packRows } from "../vector-rows.ts";
import { baseGuide } from "./base-guide.ts";
import { encoderTask, trainedSide } from "./encoder-task.ts";
import { devDigest } from "./frozen-passages.ts";

/** Mode `both`, as in the paper: one encoder embeds queries and passages and learns from both. */
export async function prepareBoth(context: RunContext): Promise<PreparedRun> {
  const { options, threads, log } = context;
  checkHardNegatives(options);
  const [train, folder] = [requireOption(options, "train"), requireOption(options, "encoder")];
  const corpusFile = requireOption(options, "corpus");
  const encoder = await openTrainableEncoder(folder, { settings: encoderSettings(options), threads });
  const { tokenizer, vocabulary, base, spec } = encoder;
  const { manifest } = base;
  const corpusSha256 = await sha256File(corpusFile);
  await checkExamplesOfCorpus(train, corpusSha256);
  const corpus = await loadCorpus(corpusFile, log);
  const passageIds = corpus.map(({ id }) => id);
  const examples = await loadTrainingData({ file: train, passageIds, positives: options.positives, warn: log });
  const passages = tokenize(
    corpus.map((passage) => ({ id: passage.id, text: joinTitleAndText(passage) })),
    { tokenizer, vocabulary, prefix: manifest.passagePrefix, maxLength: manifest.maxPassageLength },
  );
  const reading = { tokenizer, vocabulary, prefix: manifest.queryPrefix, maxLength: manifest.maxQueryLength };
  const source = devSource(options);
  const dev =
    source === undefined ? undefined : await loadDevSet({ source, passageIds, limit: options.devQueries, warn: log });
  const embedding = await EmbeddingSession.open({ encoder: spec, padId: tokenizer.padId, threads });
  const pool = dev === undefined ? [] : devPool(dev, passageIds, options.devPassages);
  const inputs = {
    train: await sha256File(train),
    corpus: corpusSha256,
    ...(await devDigest(options)),
    encoder: manifest.model.sha256,
  };
  const facts = { questions: examples.length, passages: corpus.length, devQuestions: dev?.queries.length ?? 0 };
  const questions = examples.map(({ queryId: id, query: text }) => ({ id, text }));
  const task = await encoderTask({
    encoder,
    loss: trainingLoss(options, manifest),
    examples,
    queries: tokenize(questions, reading),
    passages: trainedSide(passages, tokenizer.padId),
    sampling: samplingOf(options),
    guide: options.maskFalseNegatives
      ? await baseGuide({ ...context, encoder: base, examples, passageIds })
      : undefined,
    frozen: options.frozen ?? [],
    microBatch: options.microBatch,
    threads,
    score: dev === undefined ? undefined : poolScore({ dev, encoder, embedding, pool, passages, passageIds, threads }),
    measure: dev === undefined ? DEV_MEASURE : `${DEV_MEASURE} of ${pool.length} passages`,
  });
  return {
    task,
    inputs,
    facts: { ...facts, devPassages: pool.length },
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
        compatibleWith: undefined,
      }),
    close: async () => {
      await task.close();
      await embedding.release();
    },
  };
}

function checkHardNegatives({ hardNegatives }: RunContext["options"]): void {
  if (hardNegatives === "base") {
    throw new AppError(
      "invalid_request",
      "mode both takes hard negatives from the training file; its base vectors would change under it",
    );
  }
}

/** The passages that dev questions are about, and others by chance up to a number: all would be encoded at every measurement. */
function devPool({ qrels }: EvaluationSet, passageIds: readonly string[], size: number): number[] {
  const judged = new Set([...qrels.values()].flatMap((grades) => [...grades.keys()]));
  const rows = passageIds.map((_, row) => row);
  const isJudged = (row: number): boolean => judged.has(passageIds[row] ?? "");
  const needed = rows.filter(isJudged);
  const others = shuffled(
    rows.filter((row) => !isJudged(row)),
    keyedRandom(["dev passages"]),
  );
  return [...needed, ...others.slice(0, Math.max(0, size - needed.length))];
}

interface PoolScoreOptions {
  readonly dev: EvaluationSet;
  readonly encoder: TrainableEncoder;
  readonly embedding: EmbeddingSession;
  readonly pool: readonly number[];
  readonly passages: TokenRows;
  readonly passageIds: readonly string[];
  readonly threads: number;
}

function poolScore(options: PoolScoreOptions): (weights: ReadonlyMap<string, Float32Array>) => Promise<number> {
  const { dev, encoder, embedding, pool, passages, passageIds, threads } = options;
  const { tokenizer, vocabulary, base } = encoder;
  const { queryPrefix: prefix, maxQueryLength: maxLength, dims, similarity } = base.manifest;
  const queries = tokenize(dev.queries, { tokenizer, vocabulary, prefix, maxLength });
  return async (weights) => {
    const vectors = await embedding.embed(
      pool.map((row) => passages[row] ?? []),
      weights,
    );
    const search = await ProductSearch.open({ matrix: packRows(vectors, dims).matrix, dims, similarity, threads });
    try {
      const queryVectors = await embedding.embed(queries, weights);
      return await devScore({ set: dev, queryVectors, search, passageIds: pool.map((row) => passageIds[row] ?? "") });
    } finally {
      await search.close();
    }
  };
}
