import type { Retriever } from "../retrieval/types.ts";
import { estimateTokens } from "../shared/estimate-tokens.ts";
import type { RequestMeter } from "./request-meter.ts";

/** What an encoder puts around a query: its marks, and a prefix of a few words. */
const QUERY_OVERHEAD_TOKENS = 16;

/** Retrieval that is counted: each search, and the tokens of its query. */
export function meteredRetriever(retriever: Retriever, meter: RequestMeter): Retriever {
  return {
    async retrieve(request) {
      await meter.reserveEmbedding(estimateTokens(request.query) + QUERY_OVERHEAD_TOKENS, { searches: 1 });
      const outcome = await retriever.retrieve(request);
      meter.addRetrieval(outcome.usage);
      return outcome;
    },
  };
}
