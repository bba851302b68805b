import { createMcpHandler } from "@modelcontextprotocol/server";
import type { HttpContext } from "../http-context.ts";
import { createSearchServer, type SearchServerOptions } from "./search-server.ts";

/** Answers one request of the Model Context Protocol, in whichever revision it comes, by a server of its own. */
export async function serveSearch(c: HttpContext, options: SearchServerOptions): Promise<Response> {
  const handler = createMcpHandler(() => createSearchServer(c, options), {
    // Nothing changes within a request that somebody could wait for.
    maxSubscriptions: 0,
  });
  return await handler.fetch(c.req.raw);
}
