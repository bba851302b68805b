import type { Retriever } from "../retrieval/types.ts";
import { estimateTokens } from "../shared/estimate-tokens.ts";
import type { RequestMeter } from "./request-meter.ts";

/** What an encoder puts around a query: its marks, and a prefix of a few words. */
const QUERY_OVERHEAD_TOKENS = 16;

/**
 * Retrieval that is counted: each search, and the tokens of its query. It searches while its key's ledger is asked whether it
 * may; what was found for somebody who may not is dropped.
 */
export function meteredRetriever(retriever: Retriever, meter: RequestMeter): Retriever {
  return {
    async retrieve(request) {
      const reserved = meter.reserveEmbedding(estimateTokens(request.query) + QUERY_OVERHEAD_TOKENS, { searches: 1 });
      if (meter.isToWait) {
        await reserved;
      }
      const [outcome] = await Promise.all([retriever.retrieve(request), reserved]);
      meter.counts.addRetrieval(outcome.usage);
      return outcome;
    },
  };
}
