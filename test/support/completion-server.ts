import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface CompletionServer {
  /** With the version, as clients want it. */
  readonly url: string;
  /** Bodies of the requests, in their order. */
  readonly bodies: Record<string, unknown>[];
}

/** An OpenAI-compatible server on this machine whose replies are computed from the request; closed by `onTestFinished`. */
export async function completionServer(
  reply: (body: Record<string, unknown>) => unknown,
  onTestFinished: (cleanUp: () => Promise<void>) => void,
): Promise<CompletionServer> {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = (await json(request)) as Record<string, unknown>; // the clients under test send objects
      bodies.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply(body)));
    };
    void answer();
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  return { url: `http://127.0.0.1:${port}/v1`, bodies };
}
