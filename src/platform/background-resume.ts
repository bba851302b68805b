import { waitUntil } from "cloudflare:workers";
import type { DocumentRecord } from "../ingestion/documents/document.ts";
import { failureEntry } from "../ingestion/failure-entry.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import { resumeIngestion } from "../ingestion/resume-ingestion.ts";

/** Clients poll every second or so. */
const PAUSE_SECONDS = 10;

/**
 * `AppDependencies.resumeIngestion`: a look, at most every ten seconds of an isolate, that no request waits for. In
 * production the cron trigger looks too; locally nothing else does.
 */
export function createBackgroundResume(
  dependencies: DocumentDependencies,
): (records: readonly Pick<DocumentRecord, "status">[]) => void {
  let next = 0;
  return (records) => {
    const now = dependencies.unixNow();
    if (now >= next && records.some(({ status }) => status === "in_progress")) {
      next = now + PAUSE_SECONDS;
      waitUntil(
        resumeIngestion(dependencies).catch((error: unknown) => {
          dependencies.log(failureEntry("resume", error));
        }),
      );
    }
  };
}
