import type { Encoder } from "../../../src/encoder/encoder.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { EvaluationSet } from "../../artifacts/beir.ts";
import { sha256File } from "../../artifacts/meta.ts";
import { checkExamplesOfCorpus } from "../../artifacts/training-examples.ts";
import { loadVectorSet } from "../../artifacts/vector-set.ts";
import type { VectorSet } from "../../artifacts/vector-set.ts";
import { cachedQueryVectors } from "../../eval/cached-encodings.ts";
import { ProductSearch } from "../../eval/product-search.ts";
import { devSource, loadDevSet } from "../dev-set.ts";
import type { Guide } from "../mask-false-negatives.ts";
import { mineNegatives } from "../mine-negatives.ts";
import type { RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { loadTrainingData } from "../training-data.ts";
import type { PreparedExample } from "../training-data.ts";
import type { TrainingOptions } from "../training-options.ts";
import { packRows } from "../vector-rows.ts";
import type { VectorRows } from "../vector-rows.ts";

/** What the modes have that train queries only: the passages' vectors come from a file and stay. */
export interface FrozenPassages {
  readonly vectors: VectorSet;
  readonly search: ProductSearch;
  readonly examples: readonly PreparedExample[];
  /** By the encoder as it is before training; undefined when nothing needs them. */
  readonly queryVectors: VectorRows | undefined;
  /** For `--mask-false-negatives`. */
  readonly guide: Guide | undefined;
  readonly dev: EvaluationSet | undefined;
  readonly inputs: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, number>>;
}

export interface LoadFrozenPassagesOptions extends RunContext {
  readonly encoder: Encoder;
  /** Encode the training questions even when negatives do not come from the base. */
  readonly needsQueryVectors: boolean;
}

/**
 * Vectors, training questions with their negatives, dev questions.
 * @throws AppError `fingerprint_mismatch` when the vectors are of another encoder.
 */
export async function loadFrozenPassages(given: LoadFrozenPassagesOptions): Promise<FrozenPassages> {
  const { options, threads, encoder, needsQueryVectors, log } = given;
  const [train, folder] = [requireOption(options, "train"), requireOption(options, "vectors")];
  const vectors = await loadVectorSet(folder);
  checkVectors(vectors, encoder);
  const { ids, matrix, inputs, facts } = vectors;
  await checkExamplesOfCorpus(train, inputs["corpus"] ?? "");
  const loaded = await loadTrainingData({ file: train, passageIds: ids, positives: options.positives, warn: log });
  const search = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
  const isMined = options.hardNegatives === "base";
  const queryVectors =
    isMined || needsQueryVectors || options.maskFalseNegatives
      ? packRows(
          await encodeQueries(
            loaded.map(({ query }) => ({ text: query })),
            given,
          ),
          facts.dims,
        )
      : undefined;
  const examples =
    isMined && queryVectors !== undefined
      ? await mineNegatives(loaded, { ...given, search, queryVectors, depth: options.baseDepth })
      : loaded;
  const source = devSource(options);
  const dev =
    source === undefined
      ? undefined
      : await loadDevSet({ source, passageIds: ids, limit: options.devQueries, warn: log });
  return {
    vectors,
    search,
    examples,
    queryVectors,
    guide:
      options.maskFalseNegatives && queryVectors !== undefined
        ? { queries: queryVectors, passages: { matrix, dims: facts.dims }, margin: options.maskMargin }
        : undefined,
    dev,
    inputs: {
      train: await sha256File(train),
      ...(await devDigest(options)),
      vectors: facts.vectorsSha256,
      encoder: encoder.manifest.model.sha256,
    },
    facts: { questions: examples.length, passages: ids.length, devQuestions: dev?.queries.length ?? 0 },
  };
}

/** Embeddings of texts by the encoder as it is, cached. */
export async function encodeQueries(
  texts: readonly { readonly text: string }[],
  { encoder, cache, progress, signal }: Pick<LoadFrozenPassagesOptions, "encoder" | "cache" | "progress" | "signal">,
): Promise<Float32Array[]> {
  return await cachedQueryVectors(texts, { encoder, runtime: "node", cache, progress, signal });
}

/** What the dev questions come from, by hash. */
export async function devDigest({ dev, devData, devSplit }: TrainingOptions): Promise<Record<string, string>> {
  if (dev !== undefined) {
    return { dev: await sha256File(dev) };
  }
  return devData === undefined ? {} : { dev: `${await sha256File(`${devData}/queries.jsonl`)}:${devSplit}` };
}

/** Throws `fingerprint_mismatch` when vectors are not of this encoder. */
export function checkVectors({ facts }: VectorSet, encoder: Encoder): void {
  if (facts.encoderFingerprint !== encoder.fingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `the vectors are of encoder "${facts.encoderName}" (${facts.encoderFingerprint}), "${encoder.manifest.name}" has ` +
        `${encoder.fingerprint}; encode the corpus with it, or pass the settings it was encoded with (--max-passage-length, --pooling)`,
    );
  }
}
