import { spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";

const PROJECT = path.resolve(import.meta.dirname, "../..");

export interface CliOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run aar -- <argv>` without npm, in a folder of the test's. */
export async function runCli(argv: readonly string[], cwd = PROJECT): Promise<CliOutcome> {
  const child = spawn(process.execPath, [path.join(PROJECT, "training/cli.ts"), ...argv], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
