import { AppError } from "../shared/errors.ts";
import type { Scope } from "../tenancy/principal.ts";

/** Who may call a route: anyone at all, any known caller, or callers with a scope. */
export type RouteAccess = "public" | "authenticated" | Scope;

/**
 * Every route, by its path in OpenAPI's form; longer paths below one of these are as it is, unless they have a row of their
 * own. Where methods differ, they are told apart, `ALL` being the others. A route without a row does not start.
 */
const ROUTE_ACCESS: Readonly<Record<string, RouteAccess | Readonly<Record<string, RouteAccess>>>> = {
  "/": "public",
  "/playground": "public",
  "/admin": "public",
  "/health": "public",
  "/openapi.json": "public",
  "/metrics": "metrics",
  "/v1/models": "authenticated",
  "/v1/retrieve": "retrieve",
  "/retrieval": "retrieve",
  "/mcp": "retrieve",
  "/v1/embeddings": "retrieve",
  "/v1/chat/completions": "generate",
  "/v1/messages": "generate",
  "/v1/responses": "generate",
  "/v1/usage": "authenticated",
  "/v1/query-side": "authenticated",
  "/v1/feedback": "authenticated",
  "/v1/collections": "ingest",
  "/v1/files": "ingest",
  "/v1/vector_stores": "ingest",
  "/v1/vector_stores/{vector_store_id}/search": "retrieve",
  "/v1/admin": "admin",
};

/** The row with the most segments that a path begins with; of equally long ones the one with fewer parameters. */
export function routeAccess(method: string, path: string): RouteAccess | undefined {
  const segments = segmentsOf(path);
  let best: (typeof ROWS)[number] | undefined;
  for (const row of ROWS) {
    if (matches(row.segments, segments) && (best === undefined || row.rank > best.rank)) {
      best = row;
    }
  }
  const access = best?.access;
  return typeof access === "object" ? (access[method === "HEAD" ? "GET" : method] ?? access["ALL"]) : access;
}

/** @throws AppError `internal` that names a route without a row: a route that nobody thought about is open to nobody. */
export function assertEveryRouteHasAccess(routes: readonly { readonly method: string; readonly path: string }[]): void {
  for (const { method, path } of routes) {
    // Middleware and our own refusal of wrong methods are registered for all methods.
    if (method !== "ALL" && routeAccess(method, path) === undefined) {
      throw new AppError("internal", `${method} ${path} has no row in ROUTE_ACCESS: say who may call it`);
    }
  }
}

const ROWS = Object.entries(ROUTE_ACCESS).map(([path, access]) => {
  const segments = segmentsOf(path);
  return { segments, access, rank: segments.length * 100 - segments.filter(isParameter).length };
});

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}

function matches(row: readonly string[], path: readonly string[]): boolean {
  // "/" is the root alone, not everything below it.
  return row.length === 0
    ? path.length === 0
    : row.every((segment, index) => segment === path[index] || (isParameter(segment) && path[index] !== undefined));
}
