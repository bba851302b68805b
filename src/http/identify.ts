import type { Configuration } from "../shared/configuration.ts";
import { AppError } from "../shared/errors.ts";
import { apiKeyId } from "../tenancy/api-key.ts";
import type { Authenticator } from "../tenancy/authenticator.ts";
import type { Principal } from "../tenancy/principal.ts";
import { type AddressGuard, guardedAddress } from "../usage/bad-key-limit.ts";
import { openPrincipal } from "./open-access.ts";
import type { RouteAccess } from "./route-access.ts";

/** Pairs of address and key that an isolate has seen go together; the oldest is forgotten. */
const MAX_SEEN_PAIRS = 10_000;

export interface IdentifyOptions {
  readonly configuration: Configuration;
  readonly authenticator: Pick<Authenticator, "principalOf">;
  readonly addressGuard: AddressGuard;
}

/**
 * Finds out who asks, from `Authorization: Bearer <key>` (or `x-api-key`, as Anthropic's clients send it). In local mode,
 * routes for which no key is configured are open to everyone, whatever else is sent; a key of our own form counts there too,
 * for trying out what it opens.
 *
 * An address that has sent too many wrong keys is not listened to for a while, not even with a right one: being told which
 * one is right is what guessing is for. Only who has come from there with the same key before is let in all the same.
 *
 * Throws `unauthenticated`, or `rate_limited` to an address that guesses.
 */
export function createIdentify({
  configuration,
  authenticator,
  addressGuard,
}: IdentifyOptions): (headers: Headers, access: Exclude<RouteAccess, "public">) => Promise<Principal> {
  const seen = new Set<string>();
  return async function identify(headers, access) {
    const key = keyOf(headers);
    const open = openPrincipal(configuration, access);
    if (open !== undefined && (key === undefined || apiKeyId(key) === undefined)) {
      return open;
    }
    if (key === undefined) {
      throw new AppError("unauthenticated", "no API key: send it as `Authorization: Bearer <key>`", {
        details: { isKeyMissing: true },
      });
    }
    // Cloudflare's own header: what a client sends under this name does not get here.
    const address = guardedAddress(headers.get("cf-connecting-ip") ?? "unknown");
    const principal = await authenticator.principalOf(key);
    const pair = `${address} ${principal?.id ?? ""}`;
    if (principal !== undefined && seen.has(pair)) {
      return principal;
    }
    const wait =
      principal === undefined ? await addressGuard.recordBadKey(address) : await addressGuard.waitOf(address);
    if (wait > 0) {
      throw new AppError("rate_limited", "too many wrong keys came from this address; come back in a minute", {
        details: { retryAfterMs: wait },
      });
    }
    if (principal === undefined) {
      throw new AppError("unauthenticated", "this key is not known here");
    }
    remember(seen, pair);
    return principal;
  };
}

function remember(seen: Set<string>, pair: string): void {
  const [oldest] = seen;
  if (seen.size >= MAX_SEEN_PAIRS && oldest !== undefined) {
    seen.delete(oldest);
  }
  seen.add(pair);
}

function keyOf(headers: Headers): string | undefined {
  return /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? headers.get("x-api-key") ?? undefined;
}
