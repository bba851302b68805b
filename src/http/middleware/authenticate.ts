import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { HttpEnvironment } from "../http-context.ts";

export interface AuthenticateOptions {
  /** Keys that are let in. Empty: everyone is (the configuration allows that in local mode only). */
  readonly keys: readonly string[];
  /** Compares in a time that does not depend on where the two differ. Both have the same length. */
  readonly timingSafeEqual: (left: Uint8Array, right: Uint8Array) => boolean;
}

/** Lets in who sends one of the keys as `Authorization: Bearer <key>`. */
export function authenticate({ keys, timingSafeEqual }: AuthenticateOptions): MiddlewareHandler<HttpEnvironment> {
  let digests: Promise<readonly Uint8Array[]> | undefined;
  return async function authenticate(c, next) {
    if (keys.length > 0) {
      const key = bearerKey(c.req.header("authorization"));
      digests ??= Promise.all(keys.map(sha256));
      const given = await sha256(key);
      // Digests have one length, and every key is compared: neither length nor position of the match leaks.
      const matches = (await digests).filter((digest) => timingSafeEqual(digest, given));
      if (matches.length === 0) {
        throw new AppError("unauthenticated", "this key is not known here");
      }
    }
    await next();
  };
}

function bearerKey(header: string | undefined): string {
  const key = /^bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  if (key === undefined) {
    throw new AppError("unauthenticated", "no API key: send it as `Authorization: Bearer <key>`");
  }
  return key;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
