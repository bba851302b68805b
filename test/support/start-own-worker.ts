import type { PreparedWorker } from "./prepared-worker.ts";
import { askRunGate } from "./run-gate.ts";
import { type RunningWorker, startWorker, type StartWorkerOptions } from "./running-worker.ts";

/** A Worker of a test file's own, from what the run has prepared. */
export async function startOwnWorker(options?: StartWorkerOptions): Promise<RunningWorker> {
  // What demo-worker-setup.ts serves.
  return await startWorker(JSON.parse(await askRunGate("/prepared")) as PreparedWorker, options);
}
