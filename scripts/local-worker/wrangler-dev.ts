import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { devNull } from "node:os";
import path from "node:path";
import { wranglerCommand, wranglerEnvironment } from "../../training/wrangler/wrangler-command.ts";

export interface StartWranglerDevOptions {
  readonly port: number;
  /** Folder of D1 and Durable Objects. Default: wrangler's own, `.wrangler/state`. */
  readonly persistTo?: string;
  /** Variables of the Worker that replace those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>;
  /**
   * File of secrets, lines `NAME=value`. Default: none, so that what a developer keeps in `.dev.vars` (keys, say) changes no
   * test and no measurement.
   */
  readonly secrets?: string;
  /** Lines the Worker or wrangler print. Default: dropped. */
  readonly onLine?: (line: string) => void;
  /** Port of the Worker's inspector. Default: any, which nobody is told. */
  readonly inspectorPort?: number;
  /** Milliseconds until the Worker must answer. Default 60,000. */
  readonly timeout?: number;
}

export interface LocalWorker {
  /** Without a slash at the end. */
  readonly url: string;
  /** Of wrangler; workerd's processes are below it. */
  readonly pid: number;
  /** Resolves with the reason when the Worker ends without being told. */
  readonly ended: Promise<string>;
  /** Ends wrangler and workerd; resolves when both are gone. */
  stop(): Promise<void>;
}

/** What wrangler last said is what explains a failed start. */
const KEPT_LINES = 40;

/** Starts this project's Worker with `wrangler dev` and waits until it listens. Needs no account and no network. */
export async function startWranglerDev({
  port,
  persistTo,
  vars = {},
  secrets = devNull,
  onLine = () => undefined,
  inspectorPort = 0,
  timeout = 60_000,
}: StartWranglerDevOptions): Promise<LocalWorker> {
  const { file, args } = wranglerCommand([
    "dev",
    "--ip=127.0.0.1",
    `--port=${port}`,
    `--inspector-port=${inspectorPort}`,
    "--show-interactive-dev-session=false",
    "--log-level=log",
    // Replaces `.dev.vars`, which wrangler reads unasked. Its own file it must find by itself: of others it expands `$`.
    ...(path.resolve(secrets) === path.resolve(".dev.vars") ? [] : [`--env-file=${path.resolve(secrets)}`]),
    ...(persistTo === undefined ? [] : [`--persist-to=${path.resolve(persistTo)}`]),
    ...Object.entries(vars).map(([name, value]) => `--var=${name}:${value}`),
  ]);
  const child = spawn(file, args, {
    env: wranglerEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal reaches us first, and stopping reaches workerd too.
    detached: true,
  });
  endWithUs(child);
  const lines: string[] = [];
  const ended = whenEnded(child, lines);
  const stop = (): Promise<void> => endGroup(child);
  try {
    await Promise.race([
      whenListening(child, (line) => {
        lines.push(line);
        lines.splice(0, lines.length - KEPT_LINES);
        onLine(line);
      }),
      ended.then((reason) => Promise.reject(new Error(`the Worker did not start: ${reason}`))),
      deadline(timeout),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://localhost:${port}`, pid: child.pid ?? 0, ended, stop };
}

/** Passes on every line of both streams; resolves at the one that says the Worker listens. */
function whenListening(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        const pieces = (rest + text).split("\n");
        rest = pieces.pop() ?? "";
        for (const line of pieces) {
          onLine(line);
          if (line.includes("Ready on http")) {
            resolve();
          }
        }
      });
    }
  });
}

function whenEnded(child: ChildProcess, lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      const said = lines.join("\n").trim();
      resolve(`wrangler ended with ${signal ?? `exit code ${code}`}${said === "" ? "" : `\n${said}`}`);
    });
  });
}

async function deadline(timeout: number): Promise<never> {
  return await new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the Worker did not answer within ${timeout / 1000} s`)), timeout).unref();
  });
}

/** A group of its own outlives us unless we end it: also when we are told to exit in the middle of a start. */
function endWithUs(child: ChildProcess): void {
  const endGroupNow = (): void => {
    if (child.pid !== undefined) {
      signalGroup(child.pid, "SIGTERM");
    }
  };
  process.once("exit", endGroupNow);
  child.once("exit", () => process.removeListener("exit", endGroupNow));
}

/** Asks the whole group to end, and insists after three seconds. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = new Promise((resolve) => child.once("exit", resolve));
  signalGroup(child.pid, "SIGTERM");
  const insist = setTimeout(() => child.pid !== undefined && signalGroup(child.pid, "SIGKILL"), 3000);
  await exited;
  clearTimeout(insist);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what we want.
  }
}
