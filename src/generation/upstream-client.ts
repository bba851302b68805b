import { AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { withRetry } from "../shared/retry.ts";
import { createAllowedFetch } from "./allowed-fetch.ts";
import { readBody } from "./event-stream.ts";
import { createRedactor } from "./redact.ts";
import type { TargetLmDependencies } from "./target-lm.ts";
import { upstreamError } from "./upstream-error.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** Bytes of an error page that are read, and of a whole answer in one piece. */
const MAX_ERROR_BYTES = 16 * 1024;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export interface UpstreamClientOptions {
  /** The model's name among clients. */
  readonly name: string;
  readonly baseUrl: string;
  readonly allowPrivateHosts: boolean;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Name of the secret with the key, and the header it travels in. */
  readonly secret?: string | undefined;
  readonly keyHeader: (key: string) => readonly [name: string, value: string];
  /** Further headers; `${NAME}` in a value stands for a secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dependencies: TargetLmDependencies;
}

interface UpstreamCall {
  /** Below the base URL, without a leading slash. */
  readonly path: string;
  readonly body: JsonObject;
  /** Whether a stream is expected, so that silence is watched. */
  readonly stream: boolean;
  readonly signal: AbortSignal;
}

/** An answer with status 2xx whose body has not been read. */
export interface UpstreamReply {
  readonly isEventStream: boolean;
  readonly body: ReadableStream<Uint8Array>;
  readonly watchdog: Watchdog;
  readonly label: string;
  readonly redact: (text: string) => string;
}

/** Sends requests to one provider; see `createUpstreamClient`. */
export type UpstreamClient = <Result>(
  call: UpstreamCall,
  read: (reply: UpstreamReply) => AsyncIterable<Result>,
) => AsyncGenerator<Result, void, void>;

/**
 * POSTs JSON to one provider's host and no other, with deadlines, and with retries until the first byte of the answer.
 * Throws `upstream_*`, `host_not_allowed`, `aborted`, or `configuration_invalid` when a secret is not set.
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { name, baseUrl, dependencies, timeoutMs, idleTimeoutMs } = options;
  const label = `target LM "${name}"`;
  const allowedFetch = createAllowedFetch(options, dependencies.fetch);

  return async function* callUpstream({ path, body, stream, signal }, read) {
    const { headers, secrets } = requestHeaders(options);
    const redact = createRedactor(secrets);
    const watchdog = createWatchdog({ label, signal, timeoutMs, idleTimeoutMs: stream ? idleTimeoutMs : undefined });
    const request = { method: "POST", headers, body: JSON.stringify(body), signal: watchdog.signal };

    const attempt = async (): Promise<Response> => {
      watchdog.touch();
      try {
        const response = await allowedFetch(path, request);
        if (!response.ok) {
          const text = await readText(response.body, watchdog, MAX_ERROR_BYTES);
          throw upstreamError({ label, status: response.status, headers: response.headers, body: text, redact });
        }
        return response;
      } catch (error) {
        watchdog.pause();
        throw unreachable(error, { label, host: new URL(baseUrl).host, redact, signal: watchdog.signal });
      }
    };

    try {
      const response = await withRetry(attempt, { signal: watchdog.signal });
      if (response.body === null) {
        throw new AppError("upstream_malformed", `${label} answered ${response.status} without a body`);
      }
      const isEventStream = /^text\/event-stream\b/iu.test(response.headers.get("content-type") ?? "");
      yield* read({ isEventStream, body: response.body, watchdog, label, redact });
    } finally {
      watchdog.stop();
    }
  };
}

/** The whole body as JSON. Throws `upstream_malformed` when it is none. */
export async function readJson({ body, watchdog, label }: UpstreamReply): Promise<unknown> {
  const text = await readText(body, watchdog, MAX_ANSWER_BYTES);
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("upstream_malformed", `${label} did not answer with JSON (${text.length} characters)`);
  }
}

async function readText(
  body: ReadableStream<Uint8Array> | null,
  watchdog: Watchdog,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let byteCount = 0;
  for await (const bytes of body === null ? [] : readBody(body, watchdog)) {
    byteCount += bytes.byteLength;
    text += decoder.decode(bytes, { stream: true });
    if (byteCount > maxBytes) {
      break;
    }
  }
  return text + decoder.decode();
}

interface RequestHeaders {
  readonly headers: Readonly<Record<string, string>>;
  /** Secrets that stand in them. */
  readonly secrets: readonly string[];
}

function requestHeaders({ secret, keyHeader, headers, dependencies }: UpstreamClientOptions): RequestHeaders {
  const secrets: string[] = [];
  const readSecret = (name: string): string => {
    // A secret piped from a file ends in a newline, which no header may hold.
    const value = dependencies.readSecret(name)?.trim();
    if (value === undefined || value === "") {
      const message = `secret ${name} is not set; run: wrangler secret put ${name} (locally: a line in .dev.vars)`;
      throw new AppError("configuration_invalid", message, { details: { secret: name } });
    }
    secrets.push(value);
    return value;
  };
  const filled = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(secret === undefined ? {} : Object.fromEntries([keyHeader(readSecret(secret))])),
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        value.replaceAll(/\$\{(\w+)\}/gu, (_, secretName: string) => readSecret(secretName)),
      ]),
    ),
  };
  return { headers: filled, secrets };
}

interface UnreachableContext {
  readonly label: string;
  /** Where it was looked for: host and port only, as a gateway's path may hold an account. */
  readonly host: string;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

function unreachable(error: unknown, { label, host, redact, signal }: UnreachableContext): AppError {
  if (signal.reason instanceof AppError) {
    return signal.reason;
  }
  if (error instanceof AppError) {
    return error;
  }
  // Runtimes quote a header that they cannot send, key and all: the original is not passed on.
  const reason = redact(error instanceof Error ? error.message : String(error)).slice(0, 300);
  return new AppError("upstream_unavailable", `${label} could not be reached at ${host}: ${reason}`, {
    isRetryable: true,
  });
}
