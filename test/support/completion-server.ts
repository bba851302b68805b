import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface CompletionServer {
  /** With the version, as clients want it. */
  readonly url: string;
  /** Bodies of the requests, in their order. */
  readonly bodies: Record<string, unknown>[];
  /** From now on connections are cut, as by a server that died; its requests are not remembered. */
  readonly die: () => void;
  /** The server is back. */
  readonly revive: () => void;
}

/** An OpenAI-compatible server on this machine whose replies are computed from the request; closed by `onTestFinished`. */
export async function completionServer(
  reply: (body: Record<string, unknown>) => unknown,
  onTestFinished: (cleanUp: () => Promise<void>) => void,
): Promise<CompletionServer> {
  const bodies: Record<string, unknown>[] = [];
  let isDead = false;
  const server = createServer((request, response) => {
    if (isDead) {
      request.socket.destroy();
      return;
    }
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
  const die = (): void => void (isDead = true);
  const revive = (): void => void (isDead = false);
  return { url: `http://127.0.0.1:${port}/v1`, bodies, die, revive };
}
