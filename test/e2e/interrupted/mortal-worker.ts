import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { applyMigrations } from "../../../scripts/local-worker/apply-migrations.ts";
import { findFreePort } from "../../../scripts/local-worker/free-port.ts";
import { type LocalWorker, startWranglerDev } from "../../../scripts/local-worker/wrangler-dev.ts";

/** A killed Worker's requests are given up after a minute of silence; then ingestion waits for who looks for it. */
export const PATIENCE_MS = 240_000;

export const OPERATOR = { authorization: "Bearer operator" };
/** A key of the environment, which nothing limits. */
export const UNLIMITED = { authorization: "Bearer unlimited" };

/** A Worker that is killed and started again over the same storage. */
export interface MortalWorker {
  readonly start: () => Promise<void>;
  /** Without any notice, as a machine that loses its power. */
  readonly kill: () => Promise<void>;
  readonly fetch: (route: string, init?: RequestInit) => Promise<Response>;
  /** The JSON of a reply, whose fields the caller names. Throws when it is not a good one. */
  readonly call: <Body>(route: string, init?: RequestInit) => Promise<Body>;
  readonly close: () => Promise<void>;
}

/** With the two keys above; not started yet. */
export async function createMortalWorker(vars: Readonly<Record<string, string>>): Promise<MortalWorker> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-interrupted-"));
  const [persistTo, secrets] = [path.join(folder, "state"), path.join(folder, "secrets")];
  await writeFile(secrets, "ADMIN_KEY=operator\nAPI_KEYS=unlimited\n");
  await applyMigrations({ persistTo });
  let worker: LocalWorker | undefined;
  const send: MortalWorker["fetch"] = (route, init) => fetch(`${worker?.url}${route}`, init);
  return {
    start: async () => {
      const port = await findFreePort(29_800 + Math.floor(Math.random() * 100));
      worker = await startWranglerDev({ port, persistTo, secrets, vars: { MODE: "production", ...vars } });
    },
    kill: async () => {
      if (worker !== undefined) {
        process.kill(-worker.pid, "SIGKILL");
        await worker.ended;
      }
    },
    fetch: send,
    call: async <Body>(route: string, init?: RequestInit) => {
      const response = await send(route, init);
      if (!response.ok) {
        throw new Error(`${route}: ${response.status} ${await response.text()}`);
      }
      // The test names the fields that it reads of a reply of the code under test.
      return (await response.json()) as Body;
    },
    close: async () => {
      await worker?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks again and again until the answer is as wanted; the test's own time limit ends it. */
export async function until<Value>(ask: () => Promise<Value>, isWanted: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isWanted(value)) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
