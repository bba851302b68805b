import { execFile } from "node:child_process";
import { wranglerCommand } from "./wrangler-command.ts";
import type { Execution, ExecutionOutcome } from "./wrangler.ts";

/** Uploading a Worker with its assets over a slow line takes minutes. */
const TIMEOUT_MS = 15 * 60_000;
const MAX_OUTPUT_BYTES = 64 << 20;

/** Runs wrangler of this project, or another `script` in its place, by the Node that runs us, and waits for its end. */
export function executeWrangler(script?: string): (execution: Execution) => Promise<ExecutionOutcome> {
  return ({ args, folder, env, signal }) => {
    const command = script === undefined ? wranglerCommand(args) : { file: process.execPath, args: [script, ...args] };
    const options = { cwd: folder, env, signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    return new Promise((resolve) => {
      const child = execFile(command.file, command.args, options, (error, stdout, stderr) => {
        const why = error?.killed === true ? `no end within ${TIMEOUT_MS / 60_000} minutes` : error?.message;
        resolve({ code: error === null ? 0 : (error.code ?? why ?? 1), stdout, stderr });
      });
      // Nobody types anything: what asks all the same is told so at once.
      child.stdin?.end();
    });
  };
}
