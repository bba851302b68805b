import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { workerdCpuTime, workerdMemory } from "../../local-worker/workerd-usage.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const START_TIMEOUT_MS = 60_000;

export interface WorkerProcessOptions {
  /** wrangler configuration files, the first one serving; relative to the project. */
  readonly configs: readonly string[];
  /** Where Durable Objects and D1 keep their data. */
  readonly persistTo: string;
}

/** `wrangler dev` as a child process, ready to be asked. */
export interface WorkerProcess {
  readonly origin: string;
  /** Origin of V8's inspector. */
  readonly inspector: string;
  /** Resident memory of workerd in MiB. */
  memory(): number;
  /** Processor time that workerd has used, in ms: unlike elapsed time it tells little of what else the machine does. */
  cpuTime(): number;
  stop(): Promise<void>;
}

export async function startWorkerProcess({ configs, persistTo }: WorkerProcessOptions): Promise<WorkerProcess> {
  const port = await freePort();
  const inspectorPort = await freePort();
  const flags = configs.flatMap((config) => ["--config", config]);
  const child = spawn(
    process.execPath,
    [
      "node_modules/wrangler/bin/wrangler.js",
      "dev",
      ...flags,
      "--port",
      String(port),
      "--inspector-port",
      String(inspectorPort),
      "--persist-to",
      persistTo,
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  }
  const origin = `http://127.0.0.1:${port}`;
  await waitUntilReady(child, output);
  return {
    origin,
    inspector: `http://127.0.0.1:${inspectorPort}`,
    memory: () => workerdMemory(child.pid ?? 0),
    cpuTime: () => workerdCpuTime(child.pid ?? 0),
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function waitUntilReady(child: ChildProcess, output: readonly string[]): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!output.join("").includes("Ready on")) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill();
      throw new Error(`wrangler dev did not start:\n${output.join("")}`);
    }
    await sleep(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
