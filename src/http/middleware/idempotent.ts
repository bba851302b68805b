import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { StoredResponse } from "../../usage/key-ledger.ts";
import type { RequestMeter } from "../../usage/request-meter.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { UPLOAD_BODY_LIMIT_BYTES } from "../read-json.ts";

/** As Stripe's; header values hold no more kinds of signs in any client. */
const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** What a row of the ledger holds, with room to spare; a longer response is not kept. */
const MAX_KEPT_CHARACTERS = 1_000_000;

const METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * `Idempotency-Key`: a request that is sent again with the same key is not done again, but answered with the first one's
 * response, for a day. Only what succeeded is kept: after an error the next one is the first again. Streams cannot be
 * repeated; for them the key keeps two from running at a time.
 *
 * Throws `idempotency_conflict` while the first one is under way, and `idempotency_mismatch` for another request.
 */
export function idempotent(): MiddlewareHandler<HttpEnvironment> {
  return async function idempotent(c, next) {
    const key = c.req.header("idempotency-key");
    // Public routes have no meter, and change nothing.
    const meter = c.get("meter") as RequestMeter | undefined;
    if (key === undefined || meter === undefined || !METHODS.has(c.req.method)) {
      await next();
      return;
    }
    if (!KEY_FORM.test(key)) {
      throw invalidKey("expected 1 to 255 visible ASCII characters");
    }
    const claim = await meter.claim(key, await fingerprintOf(c));
    switch (claim.state) {
      case "running":
        throw new AppError("idempotency_conflict", "the first request with this Idempotency-Key is still under way", {
          isRetryable: true,
          details: { retryAfterMs: 1_000 },
        });
      case "mismatch":
        throw new AppError(
          "idempotency_mismatch",
          "this Idempotency-Key was used for another request; choose a new one",
        );
      case "done":
        c.res = repeated(claim.response);
        return;
      case "claimed":
        await next();
        await keep(c, key, meter);
    }
  };
}

function repeated({ status, contentType, body }: StoredResponse): Response {
  return new Response(body, { status, headers: { "content-type": contentType, "idempotency-replayed": "true" } });
}

async function keep(c: HttpContext, key: string, meter: RequestMeter): Promise<void> {
  const { ok, status, headers } = c.res;
  const contentType = headers.get("content-type") ?? "";
  // A new API key is shown once.
  const isSecret = headers.get("cache-control") === "no-store";
  if (ok && !isSecret && contentType.startsWith("application/json")) {
    const body = await c.res.clone().text();
    if (body.length <= MAX_KEPT_CHARACTERS) {
      await meter.complete(key, { status, contentType, body });
      return;
    }
  }
  await meter.release(key);
}

/** SHA-256 of method, path and body. The body is read from a copy: the route reads it again. */
async function fingerprintOf(c: HttpContext): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const head = new TextEncoder().encode(`${c.req.method} ${pathname}${search}\n`);
  const parts: Uint8Array[] = [head];
  let bytes = 0;
  for await (const part of c.req.raw.clone().body ?? []) {
    bytes += part.byteLength;
    if (bytes > UPLOAD_BODY_LIMIT_BYTES) {
      throw invalidKey(`bodies of more than ${UPLOAD_BODY_LIMIT_BYTES} bytes cannot be recognised; send it without`);
    }
    parts.push(part);
  }
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function invalidKey(problem: string): AppError {
  return new AppError("invalid_request", `Idempotency-Key: ${problem}`, { details: { param: "Idempotency-Key" } });
}
