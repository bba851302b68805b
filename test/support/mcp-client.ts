import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";

export interface ConnectMcpOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: over the network. */
  readonly fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** The protocol's own client, connected by Streamable HTTP. */
export async function connectMcp({ url, headers = {}, fetch }: ConnectMcpOptions): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    ...(fetch === undefined ? {} : { fetch }),
  });
  await client.connect(transport);
  return client;
}

/** Calls a tool; the structured result, and the same as text. */
export async function callTool(client: Client, name: string, args: Record<string, unknown>): Promise<CallToolResult> {
  return (await client.callTool({ name, arguments: args })) as CallToolResult;
}
