/** `npm run aar -- COMMAND …`: the process around `runCommandLine`. */
import { AppError } from "../src/shared/errors.ts";
import { runCommandLine } from "./command-line.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => {
  interrupt.abort(new AppError("aborted", "interrupted; the same command resumes where it can"));
});
// A reader that closes early (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupt.signal,
});
