import type { Budget, Grants } from "./principal.ts";

/** What the holder of the admin key decides about a key. */
export interface KeySettings {
  /** For people. */
  readonly name: string;
  readonly tenant: string;
  readonly grants: Grants;
  readonly tier: string;
  readonly budget: Budget;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt?: number | undefined;
}

/** A key as it is stored: never the key itself. Times are milliseconds since 1970. */
export interface KeyRecord extends KeySettings {
  readonly id: string;
  /** `hashApiKey` of it. */
  readonly hash: string;
  /** The one before the last rotation, which still opens until then. */
  readonly previous?: { readonly hash: string; readonly until: number } | undefined;
  /** Raised by every change. */
  readonly generation: number;
  readonly createdAt: number;
  readonly rotatedAt?: number | undefined;
  readonly revokedAt?: number | undefined;
}

export interface Rotation {
  readonly hash: string;
  readonly at: number;
  /** Until when the key before opens too; `at`: not at all. */
  readonly previousUntil: number;
}

/** Keys at rest. Revoked ones stay, because usage is told by them. What has no such id returns undefined. */
export interface KeyStore {
  insert(record: KeyRecord): Promise<void>;
  get(id: string): Promise<KeyRecord | undefined>;
  /** In the order of their making; of one tenant or of all. */
  list(tenant?: string): Promise<readonly KeyRecord[]>;
  /** Replaces the settings. Revoked keys stay as they are and are returned so. */
  update(id: string, settings: KeySettings): Promise<KeyRecord | undefined>;
  /** Revoked keys stay as they are and are returned so. */
  rotate(id: string, rotation: Rotation): Promise<KeyRecord | undefined>;
  /** The first revocation's time stays. */
  revoke(id: string, at: number): Promise<KeyRecord | undefined>;
}
