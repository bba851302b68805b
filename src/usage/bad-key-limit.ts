import ipaddr from "ipaddr.js";
import { SlidingWindow } from "./sliding-window.ts";
import type { SyncSql } from "./sync-sql.ts";

/** Keys of ours cannot be guessed; keys of the environment may be as short as somebody made them. */
const BAD_KEYS_PER_MINUTE = 10;

/** Addresses of an hour ago are forgotten. */
const KEPT_SECONDS = 3_600;

/** Counts the wrong keys that come from an address. Milliseconds for which it is to stay away; 0: none. */
export interface AddressGuard {
  waitOf(address: string): Promise<number>;
  /** The same, after one more. */
  recordBadKey(address: string): Promise<number>;
}

/** `AddressGuard`'s counting, over a SQLite. */
export class BadKeyLimit {
  readonly #sql: SyncSql;
  readonly #now: () => number;

  constructor({ sql, now }: { readonly sql: SyncSql; readonly now: () => number }) {
    this.#sql = sql;
    this.#now = now;
  }

  waitOf(address: string): number {
    return new SlidingWindow(this.#sql, address).waitFor(1, { limit: BAD_KEYS_PER_MINUTE, now: this.#now() });
  }

  recordBadKey(address: string): number {
    const now = this.#now();
    const window = new SlidingWindow(this.#sql, address);
    const wait = window.waitFor(1, { limit: BAD_KEYS_PER_MINUTE, now });
    // One that comes while it is to stay away is not looked at, and so not counted: it would never be let in again.
    if (wait === 0) {
      window.add(1, now);
    }
    this.#sql.run("DELETE FROM slots WHERE second < ?", Math.floor(now / 1000) - KEPT_SECONDS);
    return wait;
  }
}

/** What an address is counted as: of IPv6 the /64, which is what one customer is given; whatever is no address as it is. */
export function guardedAddress(address: string): string {
  if (!ipaddr.isValid(address)) {
    return address.slice(0, 64);
  }
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(":")}::/64`
    : parsed.toString();
}
