import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { wranglerCommand, wranglerEnvironment } from "../../training/wrangler/wrangler-command.ts";

export interface BundleWorkerOptions {
  /** Where the files go. */
  readonly directory: string;
  /** Default: `main` of wrangler.toml. */
  readonly entry?: string;
}

/** Writes what `wrangler deploy` would upload, assets aside: `index.js` and the modules that it imports. Needs no account. */
export async function bundleWorker({ directory, entry }: BundleWorkerOptions): Promise<void> {
  const { file, args } = wranglerCommand([
    "deploy",
    ...(entry === undefined ? [] : [entry]),
    "--dry-run",
    "--env=",
    `--outdir=${directory}`,
  ]);
  await promisify(execFile)(file, args, { env: { ...wranglerEnvironment(), CI: "true" } });
}
