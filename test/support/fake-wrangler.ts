/** An executable stand-in for wrangler, run by Node in place of wrangler's script; see `runFakeWrangler`. */
import { runFakeWrangler } from "./fake-account.ts";

const { code, stdout, stderr } = runFakeWrangler({
  args: process.argv.slice(2),
  folder: process.cwd(),
  env: process.env,
});
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
