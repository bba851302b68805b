import path from "node:path";
import { applyMigrations } from "../../scripts/local-worker/apply-migrations.ts";
import { bundleWorker } from "../../scripts/local-worker/bundle-worker.ts";

/** What every start of the Worker needs and none changes; making it costs many times what a start does. */
export interface PreparedWorker {
  /** Folder of `bundleWorker`. */
  readonly bundle: string;
  /** Storage folder of `applyMigrations`, for copies. */
  readonly state: string;
}

/** Makes it in a folder of the caller's. */
export async function prepareWorker(folder: string): Promise<PreparedWorker> {
  const prepared = { bundle: path.join(folder, "bundle"), state: path.join(folder, "state") };
  await Promise.all([bundleWorker({ directory: prepared.bundle }), applyMigrations({ persistTo: prepared.state })]);
  return prepared;
}
