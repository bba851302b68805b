import type { ContentStore } from "../ingestion/ingestion-dependencies.ts";

/** `ContentStore` over an R2 bucket. */
export function createR2ContentStore(bucket: R2Bucket): ContentStore {
  return {
    async put(key, content) {
      await bucket.put(key, content);
    },
    async getText(key) {
      return await (await bucket.get(key))?.text();
    },
    async delete(key) {
      await bucket.delete(key);
    },
  };
}
