import type { Encoder } from "../encoder/encoder.ts";
import { passageIdOf } from "../ingestion/vector-id.ts";
import { AppError } from "../shared/errors.ts";
import type { VectorIndex, VectorMatch } from "../vector-index/vector-index.ts";
import { embedQuery, type EmbedQuery } from "./cached-embedding.ts";
import { DENSE_SCALES } from "./dense-scales.ts";
import type { PassageStore } from "./passage-store.ts";
import type { Collection, Leg, QuerySide, ScoredPassage, UsedQuerySide } from "./types.ts";

/** An encoder for queries, adapted where an adapter was chosen. */
export interface QueryEncoder {
  readonly encoder: Encoder;
  readonly used: UsedQuerySide;
}

export interface QueryEncoderRequest {
  readonly collection: Collection;
  /** What the request asks for; see `RetrieveRequest`. */
  readonly querySide?: QuerySide;
  readonly model?: string;
}

export interface DenseRetrieverOptions {
  /** The encoder for a request's query, loaded at the first call. */
  readonly queryEncoder: (request: QueryEncoderRequest) => Promise<QueryEncoder>;
  /** Default: without a cache. */
  readonly embed?: EmbedQuery;
  readonly vectorIndex: Pick<VectorIndex, "query">;
  readonly store: Pick<PassageStore, "getPassageIds">;
  readonly now: () => number;
}

/** Scores that should be equal differ by less, as a share of the best (or of 1): they are sums of float32. */
const SCORE_TOLERANCE = 1e-4;

/**
 * Embeds the query in the isolate and asks the vector index for the collection's nearest passages. Throws
 * `fingerprint_mismatch` or `dims_mismatch` when the loaded encoder is not the one the collection was built with, and
 * `configuration_invalid` when the index measures by another metric than the collection's.
 */
export function createDenseRetriever({
  queryEncoder,
  embed = embedQuery,
  vectorIndex,
  store,
  now,
}: DenseRetrieverOptions): Leg {
  return {
    async retrieve({ query, collection, depth, filter, querySide, model, caching }) {
      const startedAt = now();
      const { encoder, used } = await queryEncoder({
        collection,
        ...(querySide === undefined ? {} : { querySide }),
        ...(model === undefined ? {} : { model }),
      });
      assertSameSpace(encoder, collection);
      const { embedding, tokenCount } = await embed(encoder, query, caching);
      const encodedAt = now();
      const { matches } = await vectorIndex.query(embedding, {
        topK: depth,
        namespace: collection.name,
        returnMetadata: "none",
        ...(filter === undefined ? {} : { filter }),
      });
      const run = await toRun({ matches, collection, store });
      const timings = { encode: encodedAt - startedAt, dense: now() - encodedAt };
      return { run, timings, embedTokens: tokenCount, vectorsQueried: 1, querySide: used };
    },
  };
}

function assertSameSpace({ manifest, fingerprint }: Encoder, collection: Collection): void {
  if (fingerprint !== collection.encoderFingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `collection "${collection.name}" was built with encoder ${collection.encoderName} (${collection.encoderFingerprint}), this Worker encodes queries for ${manifest.name} (${fingerprint}); deploy the collection's encoder or upload the collection again with this one`,
      { details: { expected: collection.encoderFingerprint, got: fingerprint } },
    );
  }
  if (manifest.dims !== collection.dims) {
    throw new AppError(
      "dims_mismatch",
      `encoder ${manifest.name} has ${manifest.dims} dimensions, collection "${collection.name}" has ${collection.dims}; upload the collection again with this encoder`,
      { details: { expected: collection.dims, got: manifest.dims } },
    );
  }
}

interface ToRunOptions {
  readonly matches: readonly VectorMatch[];
  readonly collection: Collection;
  readonly store: Pick<PassageStore, "getPassageIds">;
}

/** Readable vector ids say which passage they are of; only hashed ones cost a look into the store. */
async function toRun({ matches, collection, store }: ToRunOptions): Promise<ScoredPassage[]> {
  const hashed = matches.filter(({ id }) => passageIdOf(collection.name, id) === undefined).map(({ id }) => id);
  const resolved = await store.getPassageIds(collection.name, hashed);
  const { toScore } = DENSE_SCALES[collection.similarity];
  assertSameMetric(
    matches.map(({ score }) => toScore(score)),
    collection,
  );
  // One that the store does not know any more keeps its vector's id: the retriever sees that something vanished.
  const run = matches.map(({ id, score }) => ({
    id: passageIdOf(collection.name, id) ?? resolved.get(id) ?? id,
    score: toScore(score),
  }));
  // The index orders best first already; the sort makes that a fact for fusion, whatever index is bound.
  return run.toSorted((a, b) => b.score - a.score);
}

/**
 * Vectorize's binding does not tell the index's metric, but its scores do: read by another one, the best comes last or a
 * score is out of range. Served as they are they would rank the worst first. Not seen: a dot-product collection in a
 * euclidean index, whose scores fall too (for vectors of one length they rank alike).
 */
function assertSameMetric(scores: readonly number[], { name, similarity }: Collection): void {
  const { floor = -Infinity, ceiling = Infinity } = DENSE_SCALES[similarity];
  const [best = 0] = scores;
  const isRising = (scores.at(-1) ?? best) > best + SCORE_TOLERANCE * Math.max(1, Math.abs(best));
  const isOutside = (score: number): boolean => score < floor - SCORE_TOLERANCE || score > ceiling + SCORE_TOLERANCE;
  if (isRising || scores.some(isOutside)) {
    throw new AppError(
      "configuration_invalid",
      `the vector index's metric is not ${similarity}, by which collection "${name}" compares; make an index with metric=${similarity} and upload the collection to it (locally: "metric" in EMBEDDED_VECTORIZE, and an empty .wrangler/state)`,
      { details: { collection: name, expected: similarity } },
    );
  }
}
