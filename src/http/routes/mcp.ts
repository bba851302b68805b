import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readQuery } from "../read-query.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { collectionNameSchema } from "../schemas/retrieval.ts";

const querySchema = z.object({ collection: collectionNameSchema.optional() });

const messageSchema = z.looseObject({ jsonrpc: z.literal("2.0") }).openapi("McpMessage", {
  description: "A message of the Model Context Protocol (JSON-RPC 2.0).",
});

const route = jsonRoute({
  method: "post",
  path: "/mcp",
  summary: "Search a collection and fetch its documents (Model Context Protocol)",
  description:
    "Streamable HTTP without sessions. Tools: `search` ({query, top_k?}: {results: [{id, title, url, text}]}) and `fetch` ({id}: {id, title, text, url, metadata}). `collection` chooses what is searched.",
  query: querySchema,
  request: messageSchema,
  response: messageSchema,
  alternatives: { "text/event-stream": { schema: z.string() } },
  error: messageSchema,
});

/** `/mcp`: a server of the Model Context Protocol, made anew for each request. */
export function registerMcp(app: OpenAPIHono<HttpEnvironment>): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => mcp(c));
}

async function mcp(c: HttpContext): Promise<Response> {
  const { collection } = readQuery(c, querySchema);
  // Not at the start: the protocol's library builds its schemas when it is loaded, which every cold start would wait for.
  const { serveSearch } = await import("../mcp/serve-search.ts");
  return await serveSearch(c, { collection });
}
