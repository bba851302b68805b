import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findFreePort } from "../../local-worker/free-port.ts";

const VERSION = "1.15.2";
/** The least of those that it allows: with the newest, its answers fail, as it adds headers to a response that takes none. */
const NODE_SERVER_VERSION = "1.3.3";
const FOLDER = path.resolve(".aar/portkey");
const SERVER = path.join(FOLDER, "node_modules/@portkey-ai/gateway/build/start-server.js");
const START_TIMEOUT_MS = 30_000;

export interface PortkeyGateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** Portkey's gateway on Node, as its npm package starts it, without its console page; installed into `.aar` at first. */
export async function startPortkey(): Promise<PortkeyGateway> {
  if (!existsSync(SERVER)) {
    await mkdir(FOLDER, { recursive: true });
    const manifest = { private: true, overrides: { "@hono/node-server": NODE_SERVER_VERSION } };
    await writeFile(path.join(FOLDER, "package.json"), JSON.stringify(manifest));
    const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `@portkey-ai/gateway@${VERSION}`];
    await promisify(execFile)("npm", args, { cwd: FOLDER });
  }
  const port = await findFreePort(28_500);
  const child = spawn(process.execPath, [SERVER, `--port=${port}`, "--headless"], {
    stdio: "ignore",
    env: { ...process.env, NODE_ENV: "production" },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (const endsAt = Date.now() + START_TIMEOUT_MS; ; await sleep(100)) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) {
      break;
    }
    if (child.exitCode !== null || Date.now() > endsAt) {
      child.kill();
      throw new Error("Portkey's gateway did not start");
    }
  }
  return {
    url,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
