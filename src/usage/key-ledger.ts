import type { Budget } from "../tenancy/principal.ts";
import type { RateLimits } from "./rate-tiers.ts";
import type { UsageEnding, UsageSubject } from "./usage-record.ts";

/** What a key may do, as the configuration and the key's record say at this moment. */
export interface Allowance {
  /** Of the principal: an older one than the ledger has heard of is `stale`. */
  readonly generation: number;
  readonly limits: RateLimits;
  readonly budget: Budget;
}

/** What a call of a target LM, or of the encoder, may take at most. */
export interface Wanted {
  readonly tokens: number;
  readonly nanoUsd: number;
  /** Whether the client gets a stream, which holds one of the key's places until it ends. */
  readonly stream: boolean;
}

/** What a request under way wants to take. */
export interface Reservation extends Wanted {
  readonly id: string;
  readonly allowance: Allowance;
}

/** Limits and what is left of them, for the `x-ratelimit-*` headers; a kind without a limit is left out. */
export interface RateState {
  readonly requests?: RateWindowState;
  readonly tokens?: RateWindowState;
}

export interface RateWindowState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until all of the limit is there again. */
  readonly resetMs: number;
}

/** Why a request was not let in. */
export type Refusal =
  /** The principal is older than the key's last change: find out anew who asks. */
  | { readonly reason: "stale" }
  /** It was not heard of for so long that it is taken for lost: nothing can be held for it any more. */
  | { readonly reason: "lost" }
  | { readonly reason: "requests" | "tokens" | "streams"; readonly retryAfterMs: number }
  /** More tokens than the limit of a minute. */
  | { readonly reason: "too-large"; readonly tokens: number; readonly limit: number }
  | { readonly reason: "budget"; readonly kind: "tokens" | "money" }
  /** The rest of the budget is held by requests under way; some of it comes back when they end. */
  | { readonly reason: "budget-held"; readonly retryAfterMs: number };

export type Admission =
  | { readonly admitted: true; readonly state: RateState }
  | { readonly admitted: false; readonly refusal: Refusal; readonly state: RateState };

/** A response kept for a repeated request with the same `Idempotency-Key`. */
export interface StoredResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type Claim =
  /** Go ahead, then `complete` or `release`. */
  | { readonly state: "claimed" }
  | { readonly state: "running" }
  /** The key was used for another request. */
  | { readonly state: "mismatch" }
  | { readonly state: "done"; readonly response: StoredResponse };

export interface ClaimRequest {
  /** The client's `Idempotency-Key`. */
  readonly key: string;
  /** Hash of method, path and body. */
  readonly fingerprint: string;
  /** `UsageSubject.id` of who claims: while that request is open, its claim stands. */
  readonly owner: string;
}

/**
 * Who counts for one key: one at a time, so that limits are exact however many isolates serve the key. Every call may be
 * repeated without counting twice.
 */
export interface KeyLedger {
  /**
   * Lets a request in, and counts it; with `first`, holds that as `reserve` does: one way there and back before a model is
   * asked. A request whose `first` is refused has been counted all the same.
   */
  open(subject: UsageSubject, allowance: Allowance, first?: Wanted): Promise<Admission>;
  /** Before a model is asked: holds what it may take until the request is settled. Reservations of one request add up. */
  reserve(reservation: Reservation): Promise<Admission>;
  /** Says that a request is alive, and what it has used so far. */
  renew(id: string, sofar: UsageEnding): Promise<void>;
  /** Ends a request: what was held comes back, what was used is counted, the record is kept until the database has it. */
  settle(subject: UsageSubject, ending: UsageEnding): Promise<void>;
  claim(request: ClaimRequest): Promise<Claim>;
  /** `owner`: who has claimed the key; somebody else's claim is left alone. */
  complete(key: string, owner: string, response: StoredResponse): Promise<void>;
  release(key: string, owner: string): Promise<void>;
  /** Hands over to the database what is kept for it. */
  flush(): Promise<void>;
  /** Says that the key has changed: principals of an older generation are `stale` from now on. */
  changed(generation: number): Promise<void>;
}
