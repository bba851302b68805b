import type { Retriever, RetrieveOutcome, RetrieveRequest, ShadowSettings } from "../retrieval/types.ts";
import { toAppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { compareOutcomes } from "./shadow-record.ts";
import type { ShadowRecord, ShadowStore } from "./shadow-record.ts";

export interface ShadowRetrieverOptions {
  readonly retriever: Retriever;
  readonly store: Pick<ShadowStore, "add">;
  readonly log: (entry: JsonObject) => void;
  /** Keeps work alive after the reply; it never rejects. */
  readonly defer: (work: Promise<void>) => void;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * Retrieval that, for collections with a shadow, looks up afterwards what that query side would have found, and records the
 * difference: one log line and one row. The reply neither waits for it nor fails by it, and the log never holds the query.
 */
export function createShadowRetriever(options: ShadowRetrieverOptions): Retriever {
  const { retriever, defer, random } = options;
  return {
    async retrieve(request) {
      const outcome = await retriever.retrieve(request);
      const settings = request.collection.querySide?.shadow;
      // Where no query was embedded there is no query side to compare with.
      if (settings !== undefined && outcome.querySide !== undefined && random() < settings.share) {
        defer(runShadow(options, { request, outcome, settings }));
      }
      return outcome;
    },
  };
}

interface Served {
  readonly request: RetrieveRequest;
  readonly outcome: RetrieveOutcome;
  readonly settings: ShadowSettings;
}

async function runShadow(
  { retriever, store, log }: ShadowRetrieverOptions,
  { request, outcome, settings }: Served,
): Promise<void> {
  const { encoder, adapter = null, logQuery } = settings;
  // The client may be gone by now, and the request has said what of it was cached.
  const { signal: _ended, caching: _reported, requestId, ...rest } = request;
  const who = { ...(requestId === undefined ? {} : { request_id: requestId }), collection: request.collection.name };
  try {
    const shadow = await retriever.retrieve({
      ...rest,
      querySide: { adapter, ...(encoder === undefined ? {} : { encoder }) },
    });
    const record: ShadowRecord = {
      collection: request.collection.name,
      mode: request.mode,
      ...compareOutcomes(outcome, shadow),
      ...(requestId === undefined ? {} : { requestId }),
      ...(logQuery ? { query: request.query } : {}),
    };
    log({ event: "shadow-retrieval", ...who, ...logEntry(record) });
    await store.add(record);
  } catch (error) {
    const { code, message } = toAppError(error);
    log({ event: "shadow-retrieval-failed", ...who, error_code: code, error: message });
  }
}

function logEntry({ mode, served, shadow, overlap, isSameFirst }: ShadowRecord): JsonObject {
  return {
    mode,
    served_adapter: served.adapter,
    served_ids: served.ids,
    shadow_adapter: shadow.adapter,
    shadow_ids: shadow.ids,
    overlap,
    same_first: isSameFirst,
  };
}
