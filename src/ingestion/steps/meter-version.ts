import type { DocumentVersion } from "../documents/document.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";

/** Counts what it took to encode a version, once: interrupted in between, the ledger knows the version when it is told again. */
export async function meterVersion(
  { meter, versions }: DocumentDependencies,
  version: DocumentVersion,
  embedTokens: number,
): Promise<void> {
  if (!version.isMetered && embedTokens > 0) {
    await meter(version, embedTokens);
    await versions.endMetering(version.version);
  }
}
