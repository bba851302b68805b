/**
 * schemathesis against a local Worker: requests made from `/openapi.json`, valid and not, of every route; none may be
 * answered with a 5xx. schemathesis is Python's and comes from PyPI, into `.aar/schemathesis`, once.
 *
 *   node scripts/check/schemathesis.ts [--url http://localhost:8787] [--seconds 300] [--python python3]
 *
 * Without --url a Worker of its own is started, with empty storage. Exit code 1 when one was, or the schema is at fault.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { startWranglerDev } from "../local-worker/wrangler-dev.ts";
import { parseScriptFlags } from "../script-flags.ts";

const VERSION = "4.32.5";
const FOLDER = path.resolve(".aar/schemathesis");
const PROGRAM = path.join(FOLDER, "bin", "st");
const FIRST_PORT = 28_500;

const { values } = parseScriptFlags({
  options: {
    url: { type: "string" },
    seconds: { type: "string", default: "300" },
    python: { type: "string", default: "python3" },
  },
});

function install(): void {
  if (existsSync(PROGRAM)) {
    return;
  }
  console.log(`schemathesis ${VERSION} is put into ${FOLDER}, once …`);
  for (const [file, ...args] of [
    [values.python, "-m", "venv", FOLDER],
    [path.join(FOLDER, "bin", "pip"), "install", "--quiet", `schemathesis==${VERSION}`],
  ]) {
    const { status, error } = spawnSync(file ?? "", args, { stdio: ["ignore", "inherit", "inherit"] });
    if (status !== 0) {
      throw new Error(`${[file, ...args].join(" ")} failed${error === undefined ? "" : `: ${error.message}`}`);
    }
  }
}

/** Whether no request was answered with a 5xx. */
function fuzz(url: string): boolean {
  const { status } = spawnSync(
    PROGRAM,
    [
      "run",
      `${url}/openapi.json`,
      "--checks=not_a_server_error",
      `--max-time=${values.seconds}`,
      "--continue-on-failure",
      // Bodies of a megabyte are what some routes are for.
      "--suppress-health-check=all",
      "--request-timeout=60",
      "--no-color",
    ],
    // It keeps what it has found in the folder that it runs in.
    { cwd: FOLDER, stdio: ["ignore", "inherit", "inherit"] },
  );
  return status === 0;
}

async function withOwnWorker(run: (url: string) => boolean): Promise<boolean> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-schemathesis-"));
  await applyMigrations({ persistTo });
  const worker = await startWranglerDev({ port: await findFreePort(FIRST_PORT), persistTo, timeout: 300_000 });
  try {
    return run(worker.url);
  } finally {
    await worker.stop();
    await rm(persistTo, { recursive: true, force: true });
  }
}

install();
const isWell = values.url === undefined ? await withOwnWorker(fuzz) : fuzz(values.url);
console.log(isWell ? "no 5xx" : "failures or errors, see above");
process.exitCode = isWell ? 0 : 1;
