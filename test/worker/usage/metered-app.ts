import { env } from "cloudflare:workers";
import { createAddressGuard } from "../../../src/platform/address-guard-object.ts";
import { createD1Database } from "../../../src/platform/d1-database.ts";
import type { KeyLedgerObject } from "../../../src/platform/key-ledger-object.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { SqlKeyStore } from "../../../src/tenancy/sql-key-store.ts";
import { SqlUsageStore } from "../../../src/usage/sql-usage-store.ts";
import { type AppOverFakesOptions, createAppOverFakes } from "../../support/app-over-fakes.ts";

/** The object that counts for a key. */
export function ledgerObject(keyId: string): DurableObjectStub<KeyLedgerObject> {
  return env.KEY_LEDGER.getByName(keyId);
}

export interface MeteredApp {
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** Creates a key and gives back what its holder sends, and its id. */
  readonly createKey: (settings?: object) => Promise<{ readonly id: string; readonly key: string }>;
  /** Resolves when everything that was counted has arrived in the objects. */
  readonly settled: () => Promise<void>;
}

const OPERATOR = "operator";

/** The app over a fake encoder, retriever and target LMs, with the Worker's real keys, ledgers, guard and usage. */
export function createMeteredApp({
  variables,
  dependencies,
}: Omit<AppOverFakesOptions, "ledgerOf" | "answer"> = {}): MeteredApp {
  const database = createD1Database(env.DB);
  const deferred: Promise<unknown>[] = [];
  const app = createAppOverFakes({
    ledgerOf: ledgerObject,
    answer: answerQuery,
    variables: { MODE: "production", ADMIN_KEY: OPERATOR, ...variables },
    dependencies: {
      keys: new SqlKeyStore(database),
      usage: new SqlUsageStore(database),
      addressGuard: createAddressGuard(env.ADDRESS_GUARD),
      timingSafeEqual: (left, right) => crypto.subtle.timingSafeEqual(left, right),
      defer: (work) => deferred.push(work),
      ...dependencies,
    },
  });
  return {
    fetch: app.fetch,
    createKey: async (settings = {}) => {
      const body = { name: "k", tenant: "acme", scopes: ["retrieve", "generate"], collections: ["*"], ...settings };
      const response = await app.fetch("/v1/admin/keys", {
        method: "POST",
        headers: { authorization: `Bearer ${OPERATOR}` },
        body: JSON.stringify(body),
      });
      if (!response.ok) {
        throw new Error(await response.text());
      }
      return await response.json();
    },
    settled: async () => {
      await Promise.all(deferred);
    },
  };
}

/** A request with a key; a body makes it a POST. */
export function withKey(key: string, body?: object, { headers = {}, ...init }: KeyedInit = {}): RequestInit {
  return {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    ...init,
    headers: { authorization: `Bearer ${key}`, ...headers },
  };
}

interface KeyedInit extends Omit<RequestInit, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UsageRow {
  readonly request_id: string;
  readonly outcome: string;
  readonly status: number;
  readonly error_code: string | null;
  readonly model: string;
  readonly target: string;
  readonly counted_by: string | null;
  readonly retrievals: number;
  readonly embed_tokens: number;
  readonly vectors_queried: number;
  readonly context_tokens: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly nano_usd: number;
  readonly stages: string;
}

/** The records of a key in the database, in the order in which they began. */
export async function usageRows(keyId: string): Promise<readonly UsageRow[]> {
  const statement = env.DB.prepare("SELECT * FROM usage_records WHERE key_id = ? ORDER BY started_at, request_id");
  return (await statement.bind(keyId).all<UsageRow & Record<string, unknown>>()).results;
}
