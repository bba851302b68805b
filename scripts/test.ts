/**
 * `npm test`: all tests (unit in Node, worker in workerd, e2e against a running Worker and in a browser). Arguments go to
 * vitest: `npm test -- --project unit`, `npm test -- test/unit/retrieval`.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { findChromium } from "../test/support/find-chromium.ts";

const chromium = findChromium();
console.log(
  chromium === undefined
    ? "Browser: none found, so the tests of the playground are skipped. Install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH."
    : `Browser: ${chromium}`,
);

const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const child = spawn(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`vitest could not be started: ${error.message}; run npm ci first`);
  process.exitCode = 1;
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
