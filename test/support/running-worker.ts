import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startBareWorker } from "../../scripts/local-worker/bare-worker.ts";
import type { PreparedWorker } from "./prepared-worker.ts";

export interface StartWorkerOptions {
  /** TARGET_LMS; default: what wrangler.toml has. */
  readonly targetLms?: Readonly<Record<string, object>>;
  /** Variables of wrangler.toml to override, and secrets. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface RunningWorker {
  /** Without a slash at the end. */
  readonly url: string;
  /** What the Worker printed so far. */
  readonly logLines: readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * The Worker as it would be deployed, in a workerd on a free port, with empty storage of its own and migrations applied. Needs
 * no network. (wrangler's `createTestHarness` would need no preparation, but its network in Node keeps upstream requests alive
 * that the Worker has aborted.)
 */
export async function startWorker(
  { bundle, state }: PreparedWorker,
  { targetLms, vars }: StartWorkerOptions = {},
): Promise<RunningWorker> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-worker-"));
  await cp(state, persistTo, { recursive: true });
  const logLines: string[] = [];
  const server = await startBareWorker({
    bundle,
    persistTo,
    onLine: (line) => logLines.push(line),
    vars: { ...vars, ...(targetLms === undefined ? {} : { TARGET_LMS: JSON.stringify(targetLms) }) },
  });
  return {
    url: server.url,
    logLines,
    close: async () => {
      await server.stop();
      await rm(persistTo, { recursive: true, force: true });
    },
  };
}
