import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { withRetry } from "../../../src/shared/retry.ts";

/** A long prompt on a busy CPU server takes its time; silence beyond this is a dead server. */
const REQUEST_TIMEOUT_MS = 300_000;

/** Requests of an LM server, with its errors told apart. */
export interface LmServer {
  readonly model: string;
  /** Tokens of prompts and replies so far, as the server counts them; 0 when it does not. */
  tokens(): number;
  /** Posts to a path of the OpenAI API (`completions`), or of the server itself (`/tokenize`). */
  post<Schema extends z.ZodType>(
    path: string,
    request: { readonly body: Readonly<Record<string, unknown>>; readonly schema: Schema },
    signal?: AbortSignal,
  ): Promise<z.output<Schema>>;
}

export interface OpenLmServerOptions {
  /** With the version: `http://localhost:8080/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly key?: string | undefined;
  readonly fetch?: typeof fetch;
}

const usageSchema = z.looseObject({ usage: z.looseObject({ total_tokens: z.number() }) });
const errorSchema = z.looseObject({ error: z.union([z.string(), z.looseObject({ message: z.string() })]) });

/**
 * A client of an OpenAI-compatible server. Retries what may pass (429, 5xx, a refused connection) twice; then the error says that
 * the same command goes on once the server is back.
 */
export function openLmServer({ baseUrl, model, key, fetch: send = fetch }: OpenLmServerOptions): LmServer {
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  let tokens = 0;
  return {
    model,
    tokens: () => tokens,
    async post(path, { body, schema }, signal) {
      const target = new URL(path, base);
      const abort = signal ?? new AbortController().signal;
      const attempt = async (): Promise<z.output<typeof schema>> => {
        const text = await sendOnce({ target, body, key, send, abort });
        const json = parseJson(text);
        const parsed = schema.safeParse(json);
        if (!parsed.success) {
          throw new AppError(
            "upstream_malformed",
            `${target.href} sent a reply that is not understood: ${z.prettifyError(parsed.error)}`,
          );
        }
        tokens += usageSchema.safeParse(json).data?.usage.total_tokens ?? 0;
        return parsed.data;
      };
      return await withRetry(attempt, { signal: abort });
    },
  };
}

interface SendOptions {
  readonly target: URL;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string | undefined;
  readonly send: typeof fetch;
  readonly abort: AbortSignal;
}

async function sendOnce({ target, body, key, send, abort }: SendOptions): Promise<string> {
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await send(target, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      redirect: "error", // a redirect would take the key elsewhere
      signal: AbortSignal.any([abort, deadline]),
    });
    text = await response.text();
  } catch (cause) {
    if (abort.aborted) {
      throw abort.reason instanceof AppError ? abort.reason : new AppError("aborted", "interrupted", { cause });
    }
    const code = deadline.aborted ? "upstream_timeout" : "upstream_unavailable";
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new AppError(
      code,
      `the LM server at ${target.origin} ${deadline.aborted ? "fell silent" : `could not be reached (${reason})`}; what is scored is kept, the same command goes on`,
      { cause, isRetryable: true },
    );
  }
  if (!response.ok) {
    const said = errorSchema.safeParse(parseJson(text));
    const message = said.success
      ? typeof said.data.error === "string"
        ? said.data.error
        : said.data.error.message
      : text.slice(0, 200);
    const isRetryable = response.status === 429 || response.status >= 502;
    throw new AppError(
      response.status >= 500 ? "upstream_unavailable" : "upstream_rejected",
      `${target.href} answered ${response.status}: ${message}`,
      { isRetryable, details: { status: response.status } },
    );
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told apart by the schemas
  }
}
