/** What a key may do; `admin` includes the others. `metrics` opens `/metrics` and nothing else. */
export const SCOPES = ["retrieve", "generate", "ingest", "metrics", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What a caller may reach. Lists of names; a trailing `*` stands for any ending, `*` alone for everything. */
export interface Grants {
  readonly scopes: readonly Scope[];
  readonly collections: readonly string[];
  /** Names of target LMs, fallbacks included. */
  readonly models: readonly string[];
  /** Paths, without a query. */
  readonly routes: readonly string[];
}

/** What a caller may spend in a calendar month (UTC); undefined: any amount. */
export interface Budget {
  /** Prompt, completion and embedding tokens together. */
  readonly tokens?: number | undefined;
  /** Thousand-millionths of a US dollar, so that a price of $0.001 per million tokens is a whole number. */
  readonly nanoUsd?: number | undefined;
}

/** An authenticated caller. Made by the authenticator only; everything that is asked of the Worker is asked as one. */
export interface Principal {
  /** Of the key, public; what limits and usage are counted by. */
  readonly id: string;
  /** Who the key belongs to: usage is grouped by it, and nothing cached is shared across it. */
  readonly tenant: string;
  readonly grants: Grants;
  /** A name in RATE_TIERS, or `unlimited`. */
  readonly tier: string;
  readonly budget: Budget;
  /** Raised by every change of the key: tells a remembered principal from the present one. */
  readonly generation: number;
}

/** Everything, for keys of the environment and for open local mode; `scopes` says on which routes. */
export function unrestricted(scopes: readonly Scope[]): Grants {
  return { scopes, collections: ["*"], models: ["*"], routes: ["*"] };
}

/** The tier without limits, which is always there. */
export const UNLIMITED_TIER = "unlimited";

export function hasScope({ grants }: Principal, scope: Scope): boolean {
  return grants.scopes.includes(scope) || grants.scopes.includes("admin");
}

/** Whether a name is in a list of grants. Case counts, and nothing but a trailing `*` is special. */
export function isGranted(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
