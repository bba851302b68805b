import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runCommandLine } from "../../training/command-line.ts";
import type { CliOutcome } from "./run-cli.ts";

/**
 * What `runCli` does, in this process: starting one costs a hundred times what most commands do. The test's folder becomes the
 * process's meanwhile, so not for tests that run at the same time.
 */
export async function runCliInProcess(argv: readonly string[], cwd = process.cwd()): Promise<CliOutcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const before = process.cwd();
  process.chdir(cwd);
  let code: number;
  try {
    code = await runCommandLine(argv, { stdout, stderr, env: process.env, signal: new AbortController().signal });
  } finally {
    process.chdir(before);
    stdout.end();
    stderr.end();
  }
  const [out, err] = await printed;
  return { code, stdout: out, stderr: err };
}
