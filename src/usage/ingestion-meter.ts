import type { DocumentVersion } from "../ingestion/documents/document.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import type { KeyLedger } from "./key-ledger.ts";
import type { Prices } from "./prices.ts";
import { NO_USAGE, type UsageEnding, type UsageSubject } from "./usage-record.ts";

export interface IngestionMeterOptions {
  readonly ledgerOf: (keyId: string) => Pick<KeyLedger, "settle">;
  readonly prices: () => Pick<Prices, "embedToken">;
}

/**
 * Counts documents at the keys they came with: one usage record for each version, apart from that of the request that
 * brought it, since its tokens are known only when the queue has encoded it. Its id is the version's, which the ledger
 * counts once however often it is told.
 */
export function createIngestionMeter({ ledgerOf, prices }: IngestionMeterOptions): DocumentDependencies["meter"] {
  return async (version, embedTokens) => {
    const { payer, state, error, createdAt, progressedAt } = version;
    if (payer === undefined) {
      return;
    }
    const ending: UsageEnding = {
      outcome: state === "live" ? "completed" : error === undefined ? "aborted" : "failed",
      status: 0,
      errorCode: error?.code ?? null,
      counts: { ...NO_USAGE, embedTokens, nanoUsd: embedTokens * prices().embedToken },
      model: null,
      target: null,
      countedBy: null,
      cached: "",
      durationMs: Math.max(0, progressedAt - createdAt) * 1000,
      stages: {},
    };
    await ledgerOf(payer.keyId).settle(subjectOf(version, payer), ending);
  };
}

/** `INGEST` is no method of HTTP: such a record is of no request. */
function subjectOf(
  { version, collection }: DocumentVersion,
  { keyId, tenant }: NonNullable<DocumentVersion["payer"]>,
): UsageSubject {
  const id = `ingestion-${version}`;
  return { id, keyId, tenant, requestId: id, method: "INGEST", path: `/v1/collections/${collection}/documents` };
}
