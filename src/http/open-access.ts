import type { Configuration } from "../shared/configuration.ts";
import { environmentPrincipal } from "../tenancy/authenticator.ts";
import type { Principal } from "../tenancy/principal.ts";
import type { RouteAccess } from "./route-access.ts";

const OPEN_CLIENT = environmentPrincipal("open", ["retrieve", "generate"]);
const OPEN_INGESTION = environmentPrincipal("open", ["ingest"]);
const OPEN_METRICS = environmentPrincipal("open", ["metrics"]);
const OPEN_ADMIN = environmentPrincipal("open", ["admin"]);

/**
 * Who everyone is on a route for which no key is configured, in local mode; undefined where a key is wanted. What changes
 * anything is open without ADMIN_KEY, what only asks without API_KEYS, `/metrics` without METRICS_TOKEN and ADMIN_KEY.
 */
export function openPrincipal(
  { mode, apiKeys, adminKey, metricsToken }: Configuration,
  access: Exclude<RouteAccess, "public">,
): Principal | undefined {
  if (mode !== "local") {
    return undefined;
  }
  if (access === "admin" || access === "ingest") {
    const principal = access === "admin" ? OPEN_ADMIN : OPEN_INGESTION;
    return adminKey === undefined ? principal : undefined;
  }
  if (access === "metrics") {
    return adminKey === undefined && metricsToken === undefined ? OPEN_METRICS : undefined;
  }
  return apiKeys.length === 0 ? OPEN_CLIENT : undefined;
}
