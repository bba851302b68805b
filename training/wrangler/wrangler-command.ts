import { createRequire } from "node:module";
import path from "node:path";

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
