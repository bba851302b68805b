import { z } from "zod";
import { AppError, type SystemErrorCode } from "../shared/errors.ts";

/** Characters of a provider's own words that are quoted. */
const MAX_QUOTE = 500;

export interface UpstreamFailure {
  /** `target LM "gpt-5"`. */
  readonly label: string;
  /** HTTP status, or the number that an error frame inside a stream carries; undefined when there is none. */
  readonly status?: number | undefined;
  /** Body or frame, as text. */
  readonly body: string;
  readonly headers?: Headers | undefined;
  readonly redact: (text: string) => string;
}

/** The shapes in which providers explain themselves: OpenAI, Anthropic, vLLM, FastAPI, Cloudflare. */
const errorBodySchema = z.object({
  error: z
    .union([
      z.string(),
      z.object({
        message: z.string().nullish(),
        type: z.string().nullish(),
        code: z.union([z.string(), z.number()]).nullish(),
        param: z.string().nullish(),
      }),
    ])
    .nullish(),
  message: z.string().nullish(),
  detail: z.string().nullish(),
  errors: z.array(z.object({ message: z.string(), code: z.number().nullish() })).nullish(),
});

/** Turns a provider's refusal into an `AppError` that quotes it, without secrets. */
export function upstreamError({ label, status, body, headers, redact }: UpstreamFailure): AppError {
  const { message, type, code, param } = explain(body);
  const effectiveStatus = status ?? statusOf(code) ?? statusOf(type);
  const retryAfterMs = headers === undefined ? undefined : readRetryAfter(headers, Date.now());
  // 429 also says that the account has run dry; no wait mends that.
  const isOutOfQuota = type === "insufficient_quota" || code === "insufficient_quota";
  const quote = redact(message).replaceAll(/\s+/gu, " ").trim().slice(0, MAX_QUOTE);
  const statusText = effectiveStatus === undefined ? "sent an error" : `answered ${effectiveStatus}`;
  return new AppError(codeFor(effectiveStatus), `${label} ${statusText}${quote === "" ? "" : `: ${quote}`}`, {
    isRetryable: !isOutOfQuota && isRetryableStatus(effectiveStatus),
    details: {
      ...(effectiveStatus === undefined ? {} : { status: effectiveStatus }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(type === undefined ? {} : { upstreamType: redact(type) }),
      ...(code === undefined ? {} : { upstreamCode: typeof code === "string" ? redact(code) : code }),
      ...(param === undefined ? {} : { upstreamParam: redact(param) }),
    },
  });
}

function isRetryableStatus(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

function codeFor(status: number | undefined): SystemErrorCode {
  if (status === 429) {
    return "upstream_rate_limited";
  }
  if (status === 408 || status === 504 || status === 524) {
    return "upstream_timeout";
  }
  return isRetryableStatus(status) ? "upstream_unavailable" : "upstream_rejected";
}

interface Explanation {
  readonly message: string;
  readonly type?: string | undefined;
  readonly code?: string | number | undefined;
  readonly param?: string | undefined;
}

function explain(body: string): Explanation {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // An HTML page of a load balancer says nothing that its title does not.
    return { message: /<title>([^<]*)<\/title>/iu.exec(body)?.[1] ?? body };
  }
  const parsed = errorBodySchema.safeParse(json);
  if (!parsed.success) {
    return { message: body };
  }
  const { error, message, detail, errors } = parsed.data;
  const first = errors?.[0];
  if (typeof error === "string") {
    return { message: message ?? error };
  }
  return {
    message: error?.message ?? message ?? detail ?? first?.message ?? body,
    type: error?.type ?? undefined,
    code: error?.code ?? first?.code ?? undefined,
    param: error?.param ?? undefined,
  };
}

/** Names of errors inside a stream, where no HTTP status can be. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  overloaded_error: 529,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  invalid_request_error: 400,
  context_length_exceeded: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
};

function statusOf(code: string | number | undefined): number | undefined {
  const status = typeof code === "string" ? (STATUS_OF_TYPE[code] ?? Number(code)) : code;
  return status !== undefined && Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

/** Milliseconds to wait, from `retry-after-ms`, or `retry-after` as seconds or date; undefined when neither is sound. */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const milliseconds = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) {
    return milliseconds;
  }
  const value = headers.get("retry-after");
  if (value === null || value.trim() === "") {
    return undefined;
  }
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
