import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { applyMigrations } from "../../scripts/local-worker/apply-migrations.ts";
import { findFreePort } from "../../scripts/local-worker/free-port.ts";
import { startWranglerDev } from "../../scripts/local-worker/wrangler-dev.ts";

/** Away from the ports that people and `npm start` use. */
const FIRST_PORT = 28_700;

export interface StartWorkerOptions {
  /** TARGET_LMS; default: what wrangler.toml has. */
  readonly targetLms?: Readonly<Record<string, object>>;
  /** Variables of wrangler.toml to override, and secrets. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface RunningWorker {
  /** Without a slash at the end. */
  readonly url: string;
  /** What wrangler and the Worker printed so far. */
  readonly logLines: readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * The Worker under `wrangler dev`, on a free port, with empty storage of its own and migrations applied. Needs no network.
 * (wrangler's `createTestHarness` would start faster, but its network in Node keeps upstream requests alive that the Worker
 * has aborted.)
 */
export async function startWorker({ targetLms, vars }: StartWorkerOptions = {}): Promise<RunningWorker> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-worker-"));
  const logLines: string[] = [];
  const [server] = await Promise.all([
    findFreePort(FIRST_PORT + Math.floor(Math.random() * 1000)).then((port) =>
      startWranglerDev({
        port,
        persistTo,
        onLine: (line) => logLines.push(line),
        vars: { ...vars, ...(targetLms === undefined ? {} : { TARGET_LMS: JSON.stringify(targetLms) }) },
      }),
    ),
    applyMigrations({ persistTo }),
  ]);
  return {
    url: server.url,
    logLines,
    close: async () => {
      await server.stop();
      await rm(persistTo, { recursive: true, force: true });
    },
  };
}
