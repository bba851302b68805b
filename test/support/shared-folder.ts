import { existsSync } from "node:fs";
import path from "node:path";

/**
 * The folder of reference data that lies beside this project on its developers' machines, or the one that
 * `AAR_SHARED_DIR` names; undefined, and said so on stderr, when a wanted path in it is missing. Tests that need it skip.
 */
export function sharedFolder(...wanted: readonly string[]): string | undefined {
  const folder = process.env["AAR_SHARED_DIR"] ?? path.resolve(import.meta.dirname, "../../../shared");
  const missing = wanted.find((name) => !existsSync(path.join(folder, name)));
  if (missing === undefined) {
    return folder;
  }
  process.stderr.write(`reference data ${missing} is not there (AAR_SHARED_DIR or ../shared): its tests are skipped\n`);
  return undefined;
}
