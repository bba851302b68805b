import type { RetrieveOutcome, RetrieveRequest, Retriever, RetrievedPassage } from "../../src/retrieval/types.ts";

/** A retriever that finds the same for every query, or fails, and remembers what it was asked. */
export interface FakeRetriever extends Retriever {
  readonly requests: RetrieveRequest[];
}

/** `found`: passages, or the error to fail with. */
export function fakeRetriever(found: readonly RetrievedPassage[] | Error): FakeRetriever {
  const requests: RetrieveRequest[] = [];
  return {
    requests,
    retrieve: (request): Promise<RetrieveOutcome> => {
      requests.push(request);
      if (found instanceof Error) {
        return Promise.reject(found);
      }
      return Promise.resolve({
        passages: found.slice(0, request.topK),
        mode: request.mode,
        degraded: [],
        timings: { dense: 1 },
        usage: { embedTokens: 5, vectorsQueried: 100 },
      });
    },
  };
}
