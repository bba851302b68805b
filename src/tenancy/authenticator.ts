import { apiKeyId, hashApiKey } from "./api-key.ts";
import type { KeyRecord, KeyStore } from "./key-store.ts";
import { type Principal, type Scope, UNLIMITED_TIER, unrestricted } from "./principal.ts";

/**
 * How long an isolate remembers a key it has seen in the store. A change of a key does not wait for it: whoever counts
 * the key's requests knows its present generation and refuses an older one.
 */
const REMEMBERED_MILLISECONDS = 60_000;
/** Keys an isolate remembers, some hundred bytes each; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

export interface AuthenticatorOptions {
  readonly keys: Pick<KeyStore, "get">;
  /** Keys of the environment (`API_KEYS`, `ADMIN_KEY`) with what they open: they have no record, limits or end. */
  readonly environmentKeys: readonly EnvironmentKey[];
  /** Compares in a time that does not depend on where the two differ. Both have the same length. */
  readonly timingSafeEqual: (left: Uint8Array, right: Uint8Array) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface EnvironmentKey {
  readonly key: string;
  readonly scopes: readonly Scope[];
}

interface Remembered {
  readonly record: KeyRecord;
  readonly readAt: number;
}

/** Turns what a client presents into who it is. One an isolate, because it remembers. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #remembered = new Map<string, Remembered>();
  #environment: Promise<readonly (readonly [hash: string, principal: Principal])[]> | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** The key's principal; undefined for a key that is unknown, revoked or past its end. */
  async principalOf(key: string): Promise<Principal | undefined> {
    const hash = await hashApiKey(key);
    const id = apiKeyId(key);
    const record = id === undefined ? undefined : await this.#recordOf(id);
    // Every comparison is made, and hashes have one length: neither a match nor its place shows in the time it takes.
    const environment = (await this.#environmentPrincipals()).filter(([known]) => this.#isSame(known, hash));
    if (record !== undefined && this.#opens(record, hash)) {
      return principalOfRecord(record);
    }
    return environment[0]?.[1];
  }

  /** Forgets what it remembers of a key, because it has changed. */
  forget(id: string): void {
    this.#remembered.delete(id);
  }

  async #recordOf(id: string): Promise<KeyRecord | undefined> {
    const known = this.#remembered.get(id);
    const now = this.#options.now();
    if (known !== undefined && Math.abs(now - known.readAt) < REMEMBERED_MILLISECONDS) {
      return known.record;
    }
    try {
      const record = await this.#options.keys.get(id);
      this.#remember(id, record === undefined ? undefined : { record, readAt: now });
      return record;
    } catch (error) {
      // The store is down: who was known before stays known, as changes are told by the generation.
      if (known !== undefined) {
        return known.record;
      }
      throw error;
    }
  }

  /** Ids that nobody has are not remembered: anyone can think of any number of them. */
  #remember(id: string, entry: Remembered | undefined): void {
    this.#remembered.delete(id);
    if (entry !== undefined) {
      this.#remembered.set(id, entry);
      const [oldest] = this.#remembered.keys();
      if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) {
        this.#remembered.delete(oldest);
      }
    }
  }

  #opens({ hash: current, previous, expiresAt, revokedAt }: KeyRecord, hash: string): boolean {
    const now = this.#options.now();
    const isCurrent = this.#isSame(current, hash);
    const isPrevious = previous !== undefined && this.#isSame(previous.hash, hash) && now < previous.until;
    return (isCurrent || isPrevious) && revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
  }

  #isSame(left: string, right: string): boolean {
    const encoder = new TextEncoder();
    return this.#options.timingSafeEqual(encoder.encode(left), encoder.encode(right));
  }

  async #environmentPrincipals(): Promise<readonly (readonly [string, Principal])[]> {
    this.#environment ??= Promise.all(
      this.#options.environmentKeys.map(async ({ key, scopes }) => {
        const hash = await hashApiKey(key);
        return [hash, environmentPrincipal(`env-${hash.slice(0, 8)}`, scopes)] as const;
      }),
    );
    return await this.#environment;
  }
}

/** Who a key of the environment, or nobody in particular in open local mode, is. */
export function environmentPrincipal(id: string, scopes: readonly Scope[]): Principal {
  const grants = unrestricted(scopes);
  return { id, tenant: "environment", grants, tier: UNLIMITED_TIER, budget: {}, generation: 0 };
}

function principalOfRecord({ id, tenant, grants, tier, budget, generation }: KeyRecord): Principal {
  return { id, tenant, grants, tier, budget, generation };
}
