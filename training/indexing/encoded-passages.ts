import { AppError } from "../../src/shared/errors.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import type { CorpusPassage, Warn } from "../artifacts/beir.ts";
import { sha256File } from "../artifacts/meta.ts";
import { loadVectorSet, vectorAt } from "../artifacts/vector-set.ts";
import type { VectorSet } from "../artifacts/vector-set.ts";

/** A corpus together with the vectors of its passages, row by row. */
export interface EncodedCorpus {
  readonly passages: readonly CorpusPassage[];
  readonly vectors: VectorSet;
  /** sha256 of `corpus.jsonl`. */
  readonly corpusSha256: string;
}

/**
 * Loads a corpus and its vectors.
 * @throws AppError `invalid_artifact` when the vectors were made of another file than this `corpus.jsonl`.
 */
export async function loadEncodedCorpus(
  corpusFile: string,
  vectorsFolder: string,
  warn?: Warn,
): Promise<EncodedCorpus> {
  const passages = await loadCorpus(corpusFile, warn);
  const vectors = await loadVectorSet(vectorsFolder);
  const corpusSha256 = await sha256File(corpusFile);
  if (vectors.inputs["corpus"] !== corpusSha256) {
    throw new AppError(
      "invalid_artifact",
      `${vectorsFolder} holds the vectors of another corpus (or of an earlier state of ${corpusFile}); encode again`,
    );
  }
  return { passages, vectors, corpusSha256 };
}

/** Passages with their vectors, in the order of the corpus. */
export function* withVectors({
  passages,
  vectors,
}: EncodedCorpus): Generator<CorpusPassage & { readonly vector: Float32Array }> {
  for (const [index, passage] of passages.entries()) {
    yield { ...passage, vector: vectorAt(vectors, index) };
  }
}
