import type { Configuration } from "../shared/configuration.ts";
import { environmentPrincipal } from "../tenancy/authenticator.ts";
import type { Principal } from "../tenancy/principal.ts";
import type { RouteAccess } from "./route-access.ts";

const OPEN_CLIENT = environmentPrincipal("open", ["retrieve", "generate"]);
const OPEN_INGESTION = environmentPrincipal("open", ["ingest"]);
const OPEN_ADMIN = environmentPrincipal("open", ["admin"]);

/**
 * Who everyone is on a route for which no key is configured, in local mode; undefined where a key is wanted. What changes
 * anything is open without ADMIN_KEY, what only asks without API_KEYS.
 */
export function openPrincipal(
  { mode, apiKeys, adminKey }: Configuration,
  access: Exclude<RouteAccess, "public">,
): Principal | undefined {
  if (mode !== "local") {
    return undefined;
  }
  if (access === "admin" || access === "ingest") {
    const principal = access === "admin" ? OPEN_ADMIN : OPEN_INGESTION;
    return adminKey === undefined ? principal : undefined;
  }
  return apiKeys.length === 0 ? OPEN_CLIENT : undefined;
}
