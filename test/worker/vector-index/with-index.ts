import { runInDurableObject } from "cloudflare:test";
import { EmbeddedIndex } from "../../../src/platform/embedded-index.ts";
import { VectorStore } from "../../../src/platform/vector-store.ts";
import type { EmbeddedIndexSettings } from "../../../src/vector-index/embedded-index-settings.ts";
import { vectorShard } from "./local-bindings.ts";

interface Setup extends Partial<EmbeddedIndexSettings> {
  readonly capacity?: number;
}

/** A clock that stands until it is moved. */
export const clock = { now: Date.parse("2026-11-01T12:00:00Z") };

/** Runs against an index with settings of its own, over the storage of a Durable Object. `open` opens it (again). */
export async function withIndex(
  test: (open: (setup?: Setup) => EmbeddedIndex, sql: SqlStorage) => void,
): Promise<void> {
  await runInDurableObject(vectorShard("embedded-index.test"), (_, { storage }) => {
    let mutations = 0;
    test(({ capacity = 1000, ...settings } = {}) => {
      return new EmbeddedIndex({
        store: new VectorStore(storage.sql),
        settings: {
          dimensions: 3,
          metric: "cosine",
          metadataIndexes: {},
          visibilityDelayMs: 0,
          plan: "paid",
          ...settings,
        },
        transaction: (write) => storage.transactionSync(write),
        now: () => clock.now,
        newMutationId: () => `mutation-${(mutations += 1)}`,
        capacity,
      });
    }, storage.sql);
  });
}
