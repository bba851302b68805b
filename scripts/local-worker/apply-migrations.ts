import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { wranglerCommand, wranglerEnvironment } from "../../training/wrangler/wrangler-command.ts";

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
