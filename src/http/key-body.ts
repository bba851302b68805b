import type { z } from "@hono/zod-openapi";
import type { JsonObject } from "../shared/json.ts";
import type { KeyRecord, KeySettings } from "../tenancy/key-store.ts";
import { type Budget, UNLIMITED_TIER } from "../tenancy/principal.ts";
import type { keyCreateSchema, keyUpdateSchema } from "./schemas/keys.ts";

const NANO_USD = 1_000_000_000;

/** A key on the wire; nothing of it opens anything. */
export function keyBody(record: KeyRecord, now: number): JsonObject {
  const { id, tenant, name, grants, tier, budget, createdAt, expiresAt, rotatedAt, revokedAt } = record;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  return {
    object: "api_key",
    id,
    prefix: `aar_${id}`,
    tenant,
    name,
    ...grants,
    tier,
    budget: {
      tokens: budget.tokens ?? null,
      usd: budget.nanoUsd === undefined ? null : budget.nanoUsd / NANO_USD,
    },
    status: revokedAt !== undefined ? "revoked" : isExpired ? "expired" : "active",
    created_at: toSeconds(createdAt) ?? 0,
    expires_at: toSeconds(expiresAt),
    rotated_at: toSeconds(rotatedAt),
    revoked_at: toSeconds(revokedAt),
  };
}

/** The settings of a new key, with what was left out filled in. */
export function newKeySettings(body: z.output<typeof keyCreateSchema>): KeySettings {
  const { name, tenant, scopes, collections, models = ["*"], routes = ["*"], tier = UNLIMITED_TIER } = body;
  const isAdmin = scopes.includes("admin");
  return {
    name,
    tenant,
    tier,
    // An operator's key reaches everything in any case.
    grants: { scopes, collections: collections ?? [isAdmin ? "*" : `${tenant}.*`], models, routes },
    budget: budgetOf(body.budget),
    expiresAt: toMilliseconds(body.expires_at),
  };
}

/** The settings of a key with some of them changed; `null` takes an end or a budget away. */
export function changedKeySettings(record: KeyRecord, body: z.output<typeof keyUpdateSchema>): KeySettings {
  const { grants } = record;
  return {
    name: body.name ?? record.name,
    tenant: record.tenant,
    tier: body.tier ?? record.tier,
    grants: {
      scopes: body.scopes ?? grants.scopes,
      collections: body.collections ?? grants.collections,
      models: body.models ?? grants.models,
      routes: body.routes ?? grants.routes,
    },
    budget: body.budget === undefined ? record.budget : { ...record.budget, ...budgetOf(body.budget) },
    expiresAt: body.expires_at === undefined ? record.expiresAt : toMilliseconds(body.expires_at),
  };
}

function budgetOf(budget: z.output<typeof keyCreateSchema>["budget"]): Budget {
  const { tokens, usd } = budget ?? {};
  return {
    ...(tokens === undefined ? {} : { tokens: tokens ?? undefined }),
    ...(usd === undefined ? {} : { nanoUsd: usd === null ? undefined : Math.round(usd * NANO_USD) }),
  };
}

function toSeconds(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.floor(milliseconds / 1000);
}

function toMilliseconds(seconds: number | null | undefined): number | undefined {
  return seconds === undefined || seconds === null ? undefined : seconds * 1000;
}
