import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type UpstreamScriptName, UPSTREAM_SCRIPTS } from "./upstream-scripts.ts";

/** A request that the upstream received. */
interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** The JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the other side closed the connection before the answer was complete. */
  isAborted: boolean;
}

export interface ScriptedUpstream {
  /** Base URL for `base_url`, with `/v1`. */
  readonly baseUrl: string;
  /** Requests so far whose model runs that script, in order. */
  readonly requestsTo: (script: UpstreamScriptName) => readonly UpstreamRequest[];
  /** Resolves when the latest request to that script is seen to be aborted; rejects after five seconds. */
  readonly aborted: (script: UpstreamScriptName) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A provider of OpenAI's chat completions whose behaviour is the script that the request's `model` names. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const requests: UpstreamRequest[] = [];
  const requestsTo = (script: UpstreamScriptName): UpstreamRequest[] =>
    requests.filter(({ body }) => body["model"] === script);

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(incoming)) as Record<string, unknown>;
    const request: UpstreamRequest = {
      path: incoming.url ?? "",
      headers: incoming.headers,
      body,
      isAborted: false,
    };
    requests.push(request);
    response.once("close", () => {
      request.isAborted = !response.writableFinished;
    });
    const name = Object.keys(UPSTREAM_SCRIPTS).find((script) => script === body["model"]);
    if (name === undefined) {
      response.writeHead(404).end(JSON.stringify({ error: { message: "no such model", code: "model_not_found" } }));
      return;
    }
    const script = name as UpstreamScriptName; // it is one of the registry's keys
    await UPSTREAM_SCRIPTS[script]({ body, response, attempt: requestsTo(script).length });
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the upstream did not get a port");
  }
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    requestsTo,
    aborted: async (script) => {
      const deadline = Date.now() + 5_000;
      while (!(requestsTo(script).at(-1)?.isAborted ?? false)) {
        if (Date.now() > deadline) {
          throw new Error(`the request to "${script}" was not aborted within 5 s`);
        }
        await sleep(10);
      }
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
