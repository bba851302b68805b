import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What the upstream says to one request. */
export interface ScriptedAnswer {
  readonly words: readonly string[];
  /** Milliseconds before each word but the first; an answer in one piece takes as long as all of them. Default 0: all at once. */
  readonly pauseMs?: number;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

export interface ScriptedLm {
  /** For `base_url`, with `/v1`. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

const bodySchema = z.object({
  stream: z.boolean().default(false),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});

/** An OpenAI-compatible server on this machine that answers what `answerOf` says to the last message. */
export async function startScriptedLm(answerOf: (question: string) => ScriptedAnswer): Promise<ScriptedLm> {
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { stream, messages } = bodySchema.parse(JSON.parse(await text(request)));
    const answer = answerOf(messages.at(-1)?.content ?? "");
    await (stream ? streamAnswer(response, answer) : sendAnswer(response, answer));
  }
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const HEAD = { id: "chatcmpl-scripted", created: 1_750_000_000, model: "scripted" };

async function sendAnswer(response: ServerResponse, { words, pauseMs = 0, usage }: ScriptedAnswer): Promise<void> {
  if (pauseMs > 0) {
    await sleep(pauseMs * (words.length - 1), undefined, { ref: false });
  }
  const message = { role: "assistant", content: words.join("") };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      ...HEAD,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: withTotal(usage),
    }),
  );
}

async function streamAnswer(response: ServerResponse, { words, pauseMs = 0, usage }: ScriptedAnswer): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [index, content] of words.entries()) {
    if (index > 0 && pauseMs > 0) {
      await sleep(pauseMs);
    }
    if (response.destroyed) {
      return;
    }
    response.write(frame({ delta: { content }, finish_reason: null }));
  }
  const last = { ...HEAD, object: "chat.completion.chunk", choices: [], usage: withTotal(usage) };
  response.write(frame({ delta: {}, finish_reason: "stop" }));
  response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
}

function frame(choice: object): string {
  return `data: ${JSON.stringify({ ...HEAD, object: "chat.completion.chunk", choices: [{ index: 0, ...choice }] })}\n\n`;
}

function withTotal(usage: ScriptedAnswer["usage"]): object {
  return { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens };
}
