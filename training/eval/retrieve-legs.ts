import type { Encoder } from "../../src/encoder/encoder.ts";
import type { Collection, FusionSettings, RetrievalMode } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import { loadVectorSet } from "../artifacts/vector-set.ts";
import type { VectorSet } from "../artifacts/vector-set.ts";
import type { EncoderRuntime } from "../encoder/load-encoder.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { cachedPassageVectors, cachedQueryVectors } from "./cached-encodings.ts";
import { openCachedFullText } from "./cached-full-text.ts";
import { scoreOfRow } from "./exact-search.ts";
import { denseRun, fuseRuns, lexicalRun } from "./runs.ts";
import type { DenseRunOptions } from "./runs.ts";

export interface RetrieveLegsOptions {
  readonly mode: RetrievalMode;
  readonly corpusFile: string;
  readonly passages: readonly CorpusPassage[];
  readonly queries: readonly { readonly id: string; readonly text: string }[];
  /** Passages each leg finds. */
  readonly depth: number;
  /** Called only for what has to be encoded. */
  readonly loadEncoder: (runtime: EncoderRuntime) => Promise<Encoder>;
  /** What encodes the queries; passages are encoded by `node`. */
  readonly runtime: EncoderRuntime;
  /** Folder of `aar encode` to search instead of encoding the corpus. */
  readonly vectors?: string | undefined;
  readonly cache: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** The runs of the legs a mode has, before they are joined. */
export interface RetrievedLegs {
  readonly dense?: Run;
  readonly lexical?: Run;
  /** Of the dense leg; cosine when there is none. */
  readonly similarity: Collection["similarity"];
  /** Passages asked of each. */
  readonly depth: number;
  readonly encoder?: Encoder;
  /**
   * The dense leg's score of any passage for a query of the run, whether it was found or not; undefined for an unknown one.
   * Absent without a dense leg.
   */
  readonly denseScore?: DenseScore;
}

export type DenseScore = (queryId: string, passageId: string) => number | undefined;

/** Runs the legs of a mode over a whole corpus: dense exactly, lexical by the Worker's own full-text index. */
export async function retrieveLegs(options: RetrieveLegsOptions): Promise<RetrievedLegs> {
  const { mode, queries, depth, progress, signal } = options;
  const lexical = mode === "dense" ? {} : { lexical: await runLexical(options) };
  if (mode === "lexical") {
    return { ...lexical, similarity: "cosine", depth };
  }
  const encoder = await options.loadEncoder(options.runtime);
  const vectors = await openVectors(encoder, options);
  const embeddings = await cachedQueryVectors(queries, { ...options, encoder });
  const dense = await denseRun({ vectors, queries, embeddings, depth, progress, signal });
  const denseScore = denseScoreOf({ vectors, queries, embeddings });
  return { ...lexical, dense, similarity: vectors.facts.similarity, depth, encoder, denseScore };
}

/** Looks both sides up by id when called; nothing is kept but the two tables. */
function denseScoreOf({
  vectors,
  queries,
  embeddings,
}: Omit<DenseRunOptions, "depth" | "progress" | "signal">): DenseScore {
  const { matrix, ids, facts } = vectors;
  const rows = new Map(ids.map((id, row) => [id, row]));
  const byQuery = new Map(queries.map(({ id }, index) => [id, embeddings[index]]));
  return (queryId, passageId) => {
    const row = rows.get(passageId);
    const query = byQuery.get(queryId);
    return row === undefined || query === undefined
      ? undefined
      : scoreOfRow({ matrix, dims: facts.dims, similarity: facts.similarity, query, row });
  };
}

export interface JoinLegsOptions {
  readonly mode: RetrievalMode;
  readonly fusion: FusionSettings;
  readonly topK: number;
}

/** The run of a mode: one leg as it is, or both fused, cut at `topK`. */
export function joinLegs(
  { dense, lexical, similarity, depth }: RetrievedLegs,
  { mode, fusion, topK }: JoinLegsOptions,
): Run {
  if (mode === "hybrid" && dense !== undefined && lexical !== undefined) {
    return fuseRuns({ dense, lexical, similarity, depth, fusion, topK });
  }
  const run = mode === "dense" ? dense : lexical;
  if (run === undefined) {
    throw new AppError("internal", `the legs of mode "${mode}" were not run`);
  }
  return new Map([...run].map(([queryId, passages]) => [queryId, passages.slice(0, topK)]));
}

async function runLexical(options: RetrieveLegsOptions): Promise<Run> {
  const { queries, depth, progress, signal } = options;
  const { search, close } = await openCachedFullText(options);
  try {
    return await lexicalRun({ search, queries, depth, progress, signal });
  } finally {
    close();
  }
}

async function openVectors(
  encoder: Encoder,
  { corpusFile, passages, vectors: folder, runtime, loadEncoder, cache, progress, signal }: RetrieveLegsOptions,
): Promise<VectorSet> {
  if (folder === undefined) {
    const passageEncoder = runtime === "node" ? encoder : await loadEncoder("node");
    return await cachedPassageVectors(corpusFile, { cache, encoder: passageEncoder, progress, signal });
  }
  const vectors = await loadVectorSet(folder);
  if (vectors.facts.encoderFingerprint !== encoder.fingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `${folder} was made by encoder ${vectors.facts.encoderName} (${vectors.facts.encoderFingerprint}), the queries' encoder is ${encoder.manifest.name} (${encoder.fingerprint})`,
    );
  }
  const strayIndex = vectors.ids.findIndex((id, index) => id !== passages[index]?.id);
  if (strayIndex !== -1 || vectors.ids.length !== passages.length) {
    throw new AppError("invalid_artifact", `${folder} holds vectors of another corpus than ${corpusFile}`);
  }
  return vectors;
}
