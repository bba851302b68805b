import type { IngestionQueue } from "../ingestion/ingestion-dependencies.ts";
import type { IngestionMessage } from "../ingestion/ingestion-message.ts";

/** Messages of one call, by Cloudflare's limit (with 256 KB in all, of which 100 of ours are a tenth). */
const MAX_BATCH = 100;

/** `IngestionQueue` over a Cloudflare Queue. */
export function createIngestionQueue(queue: Queue<IngestionMessage>): IngestionQueue {
  return {
    async send(messages, { delaySeconds = 0 } = {}) {
      for (let start = 0; start < messages.length; start += MAX_BATCH) {
        const batch = messages.slice(start, start + MAX_BATCH);
        await queue.sendBatch(batch.map((body) => ({ body, contentType: "json", delaySeconds })));
      }
    },
  };
}
