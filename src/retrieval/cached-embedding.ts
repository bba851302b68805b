import { cacheKey } from "../caching/cache-key.ts";
import type { Caching } from "../caching/caching.ts";
import { remember, type StageCache } from "../caching/remember.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { fromBase64, toBase64 } from "../shared/base64.ts";
import { AppError } from "../shared/errors.ts";

export interface QueryEmbedding {
  readonly embedding: Float32Array;
  /** Tokens read for it now: none when it was kept. */
  readonly tokenCount: number;
}

/** Embeds one query with the encoder that was chosen for it. */
export type EmbedQuery = (encoder: Encoder, query: string, caching: Caching | undefined) => Promise<QueryEmbedding>;

/** Without a cache. Throws `encoder_failed`. */
export async function embedQuery(encoder: Encoder, query: string): Promise<QueryEmbedding> {
  const { embeddings, tokenCount } = await encoder.encodeQueries([query]);
  const [embedding] = embeddings;
  if (embedding === undefined) {
    throw new AppError("encoder_failed", "the encoder returned no embedding for the query");
  }
  return { embedding, tokenCount };
}

/** Embeddings kept by tenant, encoder (the model's digest, and the adapter's) and query. */
export function createCachedEmbedding(cache: StageCache): EmbedQuery {
  return async (encoder, query, caching) => {
    if (caching === undefined) {
      return await embedQuery(encoder, query);
    }
    const { manifest, fingerprint, adapterSha256 = null } = encoder;
    const { value } = await remember(() => embedQuery(encoder, query), {
      stage: "embedding",
      cache,
      caching,
      key: () => cacheKey("embedding", [caching.scope, fingerprint, manifest.model.sha256, adapterSha256, query]),
      encode: ({ embedding }) => toBase64(embedding),
      decode: (text) => decode(text, manifest.dims),
    });
    return value;
  };
}

function decode(text: string, dims: number): QueryEmbedding | undefined {
  const embedding = fromBase64(text);
  return embedding?.length === dims ? { embedding, tokenCount: 0 } : undefined;
}
