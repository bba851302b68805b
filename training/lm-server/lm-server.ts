import { randomInt, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { z } from "zod";
import { AppError, toAppError } from "../../src/shared/errors.ts";
import type { LocalLm } from "../llama/local-lm.ts";
import { seededRandom } from "../seeded-random.ts";
import { answerChat, answerCompletion } from "./completions.ts";
import type { Answer, AnswerOptions } from "./completions.ts";
import { createJobQueue } from "./job-queue.ts";
import type { JobQueue } from "./job-queue.ts";
import { generatedTokens } from "./renderings.ts";
import { chatRequestSchema, completionRequestSchema } from "./requests.ts";

/** Longest body: some hundred passages; a server on one's own machine needs no more. */
const MAX_BODY_BYTES = 4 << 20;
/** Requests that may wait for the one LM; beyond this a client had better come back later. */
const MAX_QUEUE = 64;

interface Exchange {
  readonly lm: LocalLm;
  readonly queue: JobQueue;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client went away. */
  readonly signal: AbortSignal;
}

type Route = (exchange: Exchange) => Promise<void>;

/**
 * An OpenAI-compatible server over one local LM: chat and legacy completions (streamed or not, log-probabilities, stop texts, seed,
 * echo), models, and the token routes that `aar score` asks for. Requests wait for each other in the order in which they come; one
 * whose client went away is dropped, also while it waits. The caller listens and closes.
 */
export function createLmServer(lm: LocalLm): Server {
  const queue = createJobQueue();
  return createServer((request, response) => {
    const left = new AbortController();
    response.once("close", () => left.abort(new AppError("aborted", "the client went away")));
    const url = new URL(request.url ?? "/", "http://localhost");
    const exchange = { lm, queue, request, response, signal: left.signal };
    handle(`${request.method} ${url.pathname}`, exchange).catch((error: unknown) => sendError(response, error));
  });
}

/** Every route by method and path. */
const ROUTES: Readonly<Record<string, Route>> = {
  "GET /health": async ({ response }) => sendJson(response, 200, { status: "ok" }),
  "GET /v1/models": async ({ lm, response }) =>
    sendJson(response, 200, {
      object: "list",
      data: [{ id: lm.name, object: "model", created: 0, owned_by: "local" }],
    }),
  "POST /v1/chat/completions": async (exchange) => {
    const request = await readBody(exchange, chatRequestSchema);
    await answer(exchange, { ...request, begin: (options) => answerChat(request, options) });
  },
  "POST /v1/completions": async (exchange) => {
    const request = await readBody(exchange, completionRequestSchema);
    await answer(exchange, { ...request, begin: (options) => answerCompletion(request, options) });
  },
  "POST /tokenize": async (exchange) => {
    const { content } = await readBody(exchange, z.looseObject({ content: z.string() }));
    sendJson(exchange.response, 200, { tokens: exchange.lm.encode(content) });
  },
  "POST /detokenize": async (exchange) => {
    const { tokens } = await readBody(exchange, z.looseObject({ tokens: z.array(z.int().nonnegative()) }));
    sendJson(exchange.response, 200, { content: exchange.lm.text(tokens) });
  },
  "POST /apply-template": async (exchange) => {
    const { messages } = await readBody(exchange, chatRequestSchema.pick({ messages: true }));
    const clean = messages.map(({ role, content }) => ({ role, content: exchange.lm.withoutMarks(content) }));
    if (exchange.lm.chatTemplate === undefined) {
      throw new AppError("invalid_request", `"${exchange.lm.name}" has no chat template`);
    }
    sendJson(exchange.response, 200, { prompt: exchange.lm.chatTemplate.render(clean) });
  },
};

async function handle(route: string, exchange: Exchange): Promise<void> {
  const serve = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
  if (serve === undefined) {
    throw new AppError("unknown_route", `no route ${route}; there are ${Object.keys(ROUTES).join(", ")}`);
  }
  await serve(exchange);
}

interface AnswerPlan {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined;
  readonly begin: (options: AnswerOptions) => Answer;
}

async function answer({ lm, queue, response, signal }: Exchange, plan: AnswerPlan): Promise<void> {
  if (queue.size >= MAX_QUEUE) {
    throw new AppError("upstream_rate_limited", `${queue.size} requests are waiting for the LM; try again later`);
  }
  const begun = plan.begin({
    lm,
    id: `cmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    random: (seed) => seededRandom(seed ?? randomInt(2 ** 32)),
  });
  await queue.run(async () => {
    if (signal.aborted) {
      return;
    }
    if (plan.stream !== true) {
      sendJson(response, 200, begun.whole(await Array.fromAsync(begun.pieces(signal))));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    await streamAnswer(begun, { response, signal, wantsUsage: plan.stream_options?.include_usage === true });
  });
}

interface StreamAnswerOptions extends Pick<Exchange, "response" | "signal"> {
  readonly wantsUsage: boolean;
}

async function streamAnswer(begun: Answer, { response, signal, wantsUsage }: StreamAnswerOptions): Promise<void> {
  const send = (body: unknown): void => {
    response.write(`data: ${JSON.stringify(body)}\n\n`);
  };
  for (const body of begun.opening) {
    send(body);
  }
  let tokens = 0;
  for await (const piece of begun.pieces(signal)) {
    tokens += generatedTokens(piece);
    send(begun.chunk(piece));
  }
  if (wantsUsage) {
    send(begun.usage(tokens));
  }
  response.end("data: [DONE]\n\n");
}

async function readBody<Schema extends z.ZodType>({ request }: Exchange, schema: Schema): Promise<z.output<Schema>> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const buffer = piece as Buffer; // a request without an encoding yields Buffers
    bytes += buffer.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      throw new AppError("body_too_large", `the body exceeds ${MAX_BODY_BYTES} bytes`);
    }
    pieces.push(buffer);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch (cause) {
    throw new AppError("invalid_json", "the body is not JSON", { cause });
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = issue?.path.join(".") ?? "";
    throw new AppError("invalid_request", `${param}: ${issue?.message ?? "invalid"}`, { details: { param } });
  }
  return parsed.data;
}

const STATUS: Readonly<Partial<Record<AppError["code"], number>>> = {
  invalid_request: 400,
  invalid_json: 400,
  body_too_large: 413,
  unknown_route: 404,
  upstream_rate_limited: 429,
};

/** After the first byte of a stream an error is a frame of its own and no `[DONE]`: it must not look like a finished answer. */
function sendError(response: ServerResponse, cause: unknown): void {
  const error = toAppError(cause);
  const { details } = error;
  const body = {
    error: {
      message: error.code === "internal" && error.cause instanceof Error ? error.cause.message : error.message,
      type: (STATUS[error.code] ?? 500) < 500 ? "invalid_request_error" : "server_error",
      param: details["param"] ?? null,
      code: details["code"] ?? error.code,
    },
  };
  if (response.headersSent) {
    response.end(`data: ${JSON.stringify(body)}\n\n`);
    return;
  }
  sendJson(response, STATUS[error.code] ?? 500, body);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
