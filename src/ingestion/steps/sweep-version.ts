import { VECTORIZE_LIMITS } from "../../vector-index/limits.ts";
import type { DocumentVersion } from "../documents/document.ts";
import { versionedPassageId } from "../documents/staging.ts";
import { failureEntry } from "../failure-entry.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import { vectorIdOf } from "../vector-id.ts";
import { meterVersion } from "./meter-version.ts";

/**
 * The longest that one invocation of a Worker takes (15 min, a queue's consumer), and a minute: whoever was writing vectors
 * of a version when it was retired has ended by then, and what it wrote after the sweep is swept once more.
 */
const LONGEST_WRITE_SECONDS = 16 * 60;
/** Vectors that are deleted right away, in five calls. */
export const INLINE_VECTORS = 500;

export interface SweepVersionsOptions {
  /** Vectors that are deleted before this returns; what has more is left to the queue. Default `INLINE_VECTORS`. */
  readonly inlineVectors?: number;
}

/** Deletes what is left of a retired or failed version: vectors, staged passages, content. */
async function sweepVersion(dependencies: DocumentDependencies, version: DocumentVersion): Promise<void> {
  const { versions, staging, vectorIndex, contents, unixNow } = dependencies;
  if (!version.isMetered) {
    // It was never live; some of it may have been encoded all the same.
    await meterVersion(dependencies, version, await staging.encodedTokens(version.version));
  }
  if (version.writtenAt !== undefined) {
    for (let start = 0; start < version.passageCount; start += VECTORIZE_LIMITS.deleteIds) {
      const count = Math.min(VECTORIZE_LIMITS.deleteIds, version.passageCount - start);
      const ids = Array.from({ length: count }, (_id, index) =>
        vectorIdOf(version.collection, versionedPassageId(version, start + index)),
      );
      await vectorIndex.deleteByIds(await Promise.all(ids));
    }
  }
  if (version.source?.isOwned === true) {
    await contents.delete(version.source.key);
  }
  await versions.endSweep(version.version, unixNow() - LONGEST_WRITE_SECONDS);
}

/** Sweeps versions, small ones now and the others, or all when the index fails, by the queue. */
export async function sweepVersions(
  dependencies: DocumentDependencies,
  versions: readonly DocumentVersion[],
  { inlineVectors = INLINE_VECTORS }: SweepVersionsOptions = {},
): Promise<void> {
  const later: DocumentVersion[] = [];
  let vectors = 0;
  for (const version of versions) {
    vectors += version.passageCount;
    if (vectors > inlineVectors || !(await trySweep(dependencies, version))) {
      later.push(version);
    }
  }
  await dependencies.queue.send(later.map(({ version }) => ({ type: "sweep", version })));
}

/** Sweeps what is left of a document's earlier versions. */
export async function sweepDocument(
  dependencies: DocumentDependencies,
  document: Pick<DocumentVersion, "collection" | "id">,
): Promise<void> {
  await sweepVersions(dependencies, await dependencies.versions.toSweep({ document, limit: 100 }));
}

/** The step. */
export async function runSweep(dependencies: DocumentDependencies, versionNumber: number): Promise<void> {
  const version = await dependencies.versions.get(versionNumber);
  if (version?.state === "retired" || version?.state === "failed") {
    await sweepVersion(dependencies, version);
  }
}

async function trySweep(dependencies: DocumentDependencies, version: DocumentVersion): Promise<boolean> {
  try {
    await sweepVersion(dependencies, version);
    return true;
  } catch (error) {
    dependencies.log(failureEntry("sweep", error));
    return false;
  }
}
