import { AppError } from "../../shared/errors.ts";
import { VECTORIZE_LIMITS } from "../../vector-index/limits.ts";
import { decodeValues } from "../decode-values.ts";
import type { DocumentVersion } from "../documents/document.ts";
import { versionedPassageId } from "../documents/staging.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import { vectorIdOf } from "../vector-id.ts";
import { meterVersion } from "./meter-version.ts";
import { sweepDocument } from "./sweep-version.ts";

/** Vectors read and written at once: 1.5 MB of them in the isolate. */
const VECTORS_PER_WRITE = 500;
/** Vectorize shows a write after 30 s in the median and 2 min in 99 of 100 cases; this many checks take 10 min. */
const MAX_CHECKS = 60;
const MAX_CHECK_DELAY_SECONDS = 10;

/**
 * The step: writes the vectors, waits until the index shows them, and makes the version live. In that order, because the
 * index shows a write only after a while: the version before is found until the whole of the new one can be.
 */
export async function runPublish(
  dependencies: DocumentDependencies,
  { version: versionNumber, checks }: { readonly version: number; readonly checks: number },
): Promise<void> {
  const { versions, queue, contents } = dependencies;
  await versions.beginPublishing(versionNumber);
  const version = await versions.get(versionNumber);
  if (version?.state === "publishing") {
    if (checks === 0) {
      await writeVectors(dependencies, version);
    }
    if (!(await areVisible(dependencies, version))) {
      await queue.send([{ type: "publish", version: versionNumber, checks: nextCheck(checks) }], {
        delaySeconds: Math.min(checks + 1, MAX_CHECK_DELAY_SECONDS),
      });
      return;
    }
    await versions.publish(version);
  }
  if (version?.source?.isOwned === true) {
    await contents.delete(version.source.key);
  }
  // As it is now: overtaken, or live, by this delivery or an earlier one that was cut off here. Counted last: a live version
  // that is not counted has not come to its end, which is how it is found when this message is lost.
  const current = await versions.get(versionNumber);
  if (current?.state === "live") {
    await meterVersion(dependencies, current, current.embedTokens);
  }
  if (version !== undefined) {
    // Of the version before, or of this one when it was overtaken meanwhile.
    await sweepDocument(dependencies, version);
  }
}

function nextCheck(checks: number): number {
  if (checks >= MAX_CHECKS) {
    throw new AppError(
      "retrieval_failed",
      "the vector index took the document's vectors and does not show them; send the document again",
    );
  }
  return checks + 1;
}

async function writeVectors(
  { staging, vectorIndex }: DocumentDependencies,
  { version, collection, metadata }: DocumentVersion,
): Promise<void> {
  let firstOrdinal = 0;
  for (;;) {
    const page = await staging.read(version, { firstOrdinal, count: VECTORS_PER_WRITE });
    const last = page.at(-1);
    if (last === undefined) {
      return;
    }
    await vectorIndex.upsert(
      page.map(({ vectorId, embedding = "" }) => ({
        id: vectorId,
        values: decodeValues(embedding, "embedding"),
        namespace: collection,
        metadata,
      })),
    );
    firstOrdinal = last.ordinal + 1;
  }
}

/** Looks for as many as one call can, spread over the document, its last one with them: writes show in their order. */
async function areVisible({ vectorIndex }: DocumentDependencies, version: DocumentVersion): Promise<boolean> {
  const { passageCount } = version;
  const count = Math.min(passageCount, VECTORIZE_LIMITS.getIds);
  const ids = await Promise.all(
    Array.from({ length: count }, (_id, index) => {
      const ordinal = count === 1 ? 0 : Math.round((index * (passageCount - 1)) / (count - 1));
      return vectorIdOf(version.collection, versionedPassageId(version, ordinal));
    }),
  );
  return (await vectorIndex.getByIds(ids)).length === ids.length;
}
