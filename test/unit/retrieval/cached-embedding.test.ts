import { describe, test } from "vitest";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { createCachedEmbedding, embedQuery } from "../../../src/retrieval/cached-embedding.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { memoryStageCache, observedCaching } from "../../support/observed-caching.ts";

function countingEncoder(overrides: Partial<Encoder> = {}): { readonly encoder: Encoder; readonly calls: string[] } {
  const calls: string[] = [];
  const encoder = fakeEncoder();
  return {
    calls,
    encoder: {
      ...encoder,
      encodeQueries: async (queries) => {
        calls.push(...queries);
        return await encoder.encodeQueries(queries);
      },
      ...overrides,
    },
  };
}

describe("a cached embedding", () => {
  test("is the same to the bit, and costs no tokens", async ({ expect }) => {
    const cache = memoryStageCache();
    const embed = createCachedEmbedding(cache);
    const { encoder, calls } = countingEncoder();
    const caching = observedCaching();
    const first = await embed(encoder, "What purrs?", caching);
    await cache.written();
    const second = await embed(encoder, "What purrs?", caching);
    expect(second.embedding).toEqual((await embedQuery(fakeEncoder(), "What purrs?")).embedding);
    expect([first.tokenCount > 0, second.tokenCount]).toEqual([true, 0]);
    expect(calls).toEqual(["What purrs?"]);
    expect(caching.reports).toEqual(["embedding=miss", "embedding=hit"]);
  });

  test("is another for another tenant, query, model, adapter or passage encoder", async ({ expect }) => {
    const cache = memoryStageCache();
    const embed = createCachedEmbedding(cache);
    const { encoder, calls } = countingEncoder();
    const { manifest } = encoder;
    await embed(encoder, "q", observedCaching());
    await cache.written();
    await embed(encoder, "q", observedCaching({ scope: "globex" }));
    await embed(encoder, "Q", observedCaching());
    for (const other of [
      { manifest: { ...manifest, model: { ...manifest.model, sha256: "other" } } },
      { adapterSha256: "adapter" },
      { fingerprint: "other" },
    ]) {
      await embed({ ...encoder, ...other }, "q", observedCaching());
    }
    expect(calls).toHaveLength(6);
  });
});
