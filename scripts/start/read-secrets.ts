import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** The keys that the Worker will ask for; undefined where it asks for none. */
export interface Secrets {
  readonly adminKey: string | undefined;
  /** The first of the clients' keys. */
  readonly apiKey: string | undefined;
}

/** Reads `ADMIN_KEY` and `API_KEYS` of a `.dev.vars` file as the Worker does. A file that is not there holds none. */
export function readSecrets(file: string): Secrets {
  const { ADMIN_KEY: adminKey = "", API_KEYS: apiKeys = "" } = existsSync(file)
    ? parseEnv(readFileSync(file, "utf8"))
    : {};
  return {
    adminKey: adminKey.trim() || undefined,
    apiKey: apiKeys
      .split(",")
      .map((key) => key.trim())
      .find((key) => key !== ""),
  };
}
