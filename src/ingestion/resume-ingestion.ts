import { AppError } from "../shared/errors.ts";
import type { DocumentVersion } from "./documents/document.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import type { IngestionMessage } from "./ingestion-message.ts";
import { nextMessages } from "./steps/next-messages.ts";
import { failVersion } from "./steps/run-message.ts";

/** Nothing at all has moved for so long: longer than any step takes, retries of a failing one apart. */
const IDLE_SECONDS = 30;
/** One version has not moved for so long, while others have: it may only be waiting for its turn. */
const STUCK_SECONDS = 3_600;
/** Versions that are looked at in one go. */
const LIMIT = 100;

/**
 * Sends the messages of versions that nothing works on any more, because the queue lost them (locally it forgets all when it
 * stops) or a request ended half-way; and sweeps what could not be swept in time. Harmless at any time, by anyone.
 */
export async function resumeIngestion(dependencies: DocumentDependencies): Promise<void> {
  const { versions, queue, unixNow } = dependencies;
  const now = unixNow();
  const stalled = await versions.stalled({
    idleSince: now - IDLE_SECONDS,
    stuckSince: now - STUCK_SECONDS,
    limit: LIMIT,
  });
  await versions.touch(stalled.map(({ version }) => version));
  for (const version of stalled) {
    await resume(dependencies, version);
  }
  const toSweep = await versions.toSweep({ limit: LIMIT });
  await queue.send(toSweep.map(({ version }) => ({ type: "sweep", version })));
}

async function resume(dependencies: DocumentDependencies, { version, state, source }: DocumentVersion): Promise<void> {
  if (state === "splitting" && source === undefined) {
    // The request that brought it ended before its passages were staged, and was never answered.
    const error = new AppError("ingestion_failed", "the upload was interrupted; send the document again");
    await failVersion(dependencies, version, error);
    return;
  }
  const messages: readonly IngestionMessage[] =
    state === "splitting" ? [{ type: "split", version }] : await nextMessages(dependencies, version);
  await dependencies.queue.send(messages);
}
