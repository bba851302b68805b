import { z } from "zod";
import { AppError, SYSTEM_ERROR_CODES, USER_ERROR_CODES } from "../../src/shared/errors.ts";
import type { ErrorCode } from "../../src/shared/errors.ts";
import { withRetry } from "../../src/shared/retry.ts";

/** A batch takes a second or two; a Worker that is silent for this long will not answer. */
const REQUEST_TIMEOUT_MS = 120_000;

/** Statuses that say nothing about the request itself; 52x are Cloudflare's own for an origin it cannot reach. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

const errorBodySchema = z.looseObject({ error: z.looseObject({ message: z.string(), code: z.string().nullish() }) });

export interface AdminClientOptions {
  /** Base URL of the Worker. */
  readonly url: string;
  /** The Worker's secret `ADMIN_KEY`; a local Worker may have none. */
  readonly adminKey?: string | undefined;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Further attempts after a failure that may pass. Default 6: about a minute of waiting in all. */
  readonly retries?: number;
  /** Before the first retry. Default 500. */
  readonly minDelayMs?: number;
}

interface AdminRequest<Schema extends z.ZodType> {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** From the root of the Worker. */
  readonly path: string;
  readonly body?: string;
  /** Of the reply. */
  readonly schema: Schema;
  /** Further attempts; default the client's. */
  readonly retries?: number;
}

/** Speaks to the authenticated admin routes of a Worker. */
export interface AdminClient {
  /**
   * Sends a request until it succeeds, fails for good, or the retries are used up. Throws the Worker's own error code
   * and text, `upstream_unavailable` or `upstream_timeout` when it cannot be reached, `upstream_malformed` when what
   * answers is no such Worker.
   */
  send<Schema extends z.ZodType>(request: AdminRequest<Schema>): Promise<z.output<Schema>>;
}

/** @throws AppError `invalid_request` when `url` is no http(s) URL. */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { signal, retries = 6, minDelayMs = 500 } = options;
  const base = parseBase(options.url);
  return {
    send: (request) =>
      withRetry(() => sendOnce(request, { ...options, base }), {
        signal,
        retries: request.retries ?? retries,
        minDelayMs,
        maxDelayMs: 15_000,
      }),
  };
}

function parseBase(url: string): URL {
  const base = URL.parse(url);
  if (base === null || (base.protocol !== "http:" && base.protocol !== "https:")) {
    throw new AppError("invalid_request", `"${url}" is not the URL of a Worker; expected http://… or https://…`);
  }
  return base;
}

async function sendOnce<Schema extends z.ZodType>(
  { method, path, body, schema }: AdminRequest<Schema>,
  { base, adminKey, fetch, signal }: AdminClientOptions & { readonly base: URL },
): Promise<z.output<Schema>> {
  const target = new URL(path, base);
  const what = `${method} ${target.href}`;
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const headers = new Headers({ "content-type": "application/json" });
  if (adminKey !== undefined) {
    headers.set("authorization", `Bearer ${adminKey}`);
  }
  try {
    const response = await fetch(target, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "error", // a redirect would take the key elsewhere
      signal: AbortSignal.any([signal, deadline]),
    });
    const text = await response.text();
    if (!response.ok) {
      throw refusal(what, response, text);
    }
    return parseReply(what, text, schema);
  } catch (error) {
    throw error instanceof AppError ? error : connectionError(error, { what, signal, deadline });
  }
}

function parseReply<Schema extends z.ZodType>(what: string, text: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new AppError(
      "upstream_malformed",
      `${what} did not answer like this project's Worker: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

/** The reply's own words; what is not our error body (a proxy's page) is quoted in short. */
function refusal(what: string, { status, headers }: Response, text: string): AppError {
  const parsed = errorBodySchema.safeParse(parseJson(text));
  const code = parsed.success ? knownCode(parsed.data.error.code) : undefined;
  const message = parsed.success ? parsed.data.error.message : text.slice(0, 200).trim();
  const said = headers.get("x-should-retry");
  const retryAfterMs = Number(headers.get("retry-after")) * 1000;
  return new AppError(
    code ?? (status >= 500 ? "upstream_unavailable" : "upstream_rejected"),
    `${what} answered ${status}${code === undefined ? "" : ` ${code}`}: ${message}${adviceFor(status)}`,
    {
      isRetryable: said === null ? RETRYABLE_STATUSES.has(status) : said === "true",
      details: { status, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) },
    },
  );
}

function adviceFor(status: number): string {
  return status === 401 || status === 403 ? " (set AAR_ADMIN_KEY to the Worker's secret ADMIN_KEY)" : "";
}

function knownCode(code: string | null | undefined): ErrorCode | undefined {
  return [...USER_ERROR_CODES, ...SYSTEM_ERROR_CODES].find((known) => known === code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told apart by the schemas
  }
}

interface ConnectionErrorContext {
  readonly what: string;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

function connectionError(cause: unknown, { what, signal, deadline }: ConnectionErrorContext): AppError {
  if (signal.aborted) {
    return signal.reason instanceof AppError ? signal.reason : new AppError("aborted", "interrupted", { cause });
  }
  if (deadline.aborted) {
    return new AppError("upstream_timeout", `${what} did not answer within ${REQUEST_TIMEOUT_MS / 1000} s`, {
      cause,
      isRetryable: true,
    });
  }
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return new AppError("upstream_unavailable", `${what} could not be reached: ${reason}; is the Worker running?`, {
    cause,
    isRetryable: true,
  });
}
