import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

/** wrangler of this project under the Node that runs us: the one on the system may be too old for it. */
export function wranglerCommand(args: readonly string[]): { readonly file: string; readonly args: string[] } {
  const manifest = createRequire(import.meta.url).resolve("wrangler/package.json");
  return { file: process.execPath, args: [path.join(path.dirname(manifest), "bin", "wrangler.js"), ...args] };
}

/** Environment in which wrangler asks nobody anything: no metrics, no update check, no lookup of `Request.cf`. */
export function wranglerEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
  };
}

/** Brings the local D1 database up to date; nothing happens when it is. Throws with wrangler's words when it fails. */
export async function applyMigrations({ persistTo }: { readonly persistTo?: string } = {}): Promise<void> {
  const { file, args } = wranglerCommand([
    "d1",
    "migrations",
    "apply",
    "DB",
    "--local",
    ...(persistTo === undefined ? [] : [`--persist-to=${path.resolve(persistTo)}`]),
  ]);
  try {
    await promisify(execFile)(file, args, { env: { ...wranglerEnvironment(), CI: "true" } });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`the D1 migrations could not be applied:\n${said.trim()}`, { cause: error });
  }
}
