/**
 * `npm test`: all tests (unit in Node, worker in workerd, e2e against a running Worker and in a browser). Arguments go to
 * vitest: `npm test -- --project unit`, `npm test -- test/unit/retrieval`.
 */
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { findChromium } from "../test/support/find-chromium.ts";
import { installArguments, loadNodeLlamaCpp } from "../training/llama/node-llama-cpp.ts";

const chromium = findChromium();
console.log(
  chromium === undefined
    ? "Browser: none found, so the tests of the playground are skipped. Install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH."
    : `Browser: ${chromium}`,
);

// No dependency of the project, for its size, but the tests that run a GGUF file are not to be left out for that.
const hasLlama = await loadNodeLlamaCpp().then(
  () => true,
  () => false,
);
if (!hasLlama) {
  console.log("node-llama-cpp: is put into .aar/llama, once (85 MB, for the CPU) ...");
  const npm = spawnSync("npm", [...installArguments(), "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    console.log("node-llama-cpp: could not be installed, so the tests that run a GGUF file are skipped.");
  }
}

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
