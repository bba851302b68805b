import { existsSync } from "node:fs";
import path from "node:path";

/** The folder of reference data: what `AAR_SHARED_DIR` names, or the one beside this project on its developers' machines. */
export const SHARED_FOLDER = process.env["AAR_SHARED_DIR"] ?? path.resolve(import.meta.dirname, "../../../shared");

/** The folder of reference data; undefined, and said so on stderr, when a wanted path in it is missing: its tests skip. */
export function sharedFolder(...wanted: readonly string[]): string | undefined {
  const missing = wanted.find((name) => !existsSync(path.join(SHARED_FOLDER, name)));
  if (missing === undefined) {
    return SHARED_FOLDER;
  }
  process.stderr.write(`reference data ${missing} is not in ${SHARED_FOLDER}: its tests are skipped\n`);
  return undefined;
}
