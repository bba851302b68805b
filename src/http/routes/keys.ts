import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import { createApiKey, hashApiKey } from "../../tenancy/api-key.ts";
import type { KeyRecord, KeySettings, KeyStore } from "../../tenancy/key-store.ts";
import type { RateTiers } from "../../usage/rate-tiers.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { changedKeySettings, keyBody, newKeySettings } from "../key-body.ts";
import { invalidRequest, readJson } from "../read-json.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  keyCreateSchema,
  keyListSchema,
  keyParamsSchema,
  keyRotateSchema,
  keySchema,
  keyUpdateSchema,
  newKeySchema,
} from "../schemas/keys.ts";

const all = { path: "/v1/admin/keys" } as const;
const one = { path: "/v1/admin/keys/{id}", params: keyParamsSchema } as const;

const routes = [
  jsonRoute({
    ...all,
    method: "get",
    summary: "List keys, of one tenant with `?tenant=`",
    query: z.object({ tenant: z.string().optional() }),
    response: keyListSchema,
  }),
  jsonRoute({ ...all, method: "post", summary: "Create a key", request: keyCreateSchema, response: newKeySchema }),
  jsonRoute({ ...one, method: "get", summary: "One key", response: keySchema }),
  jsonRoute({
    ...one,
    method: "patch",
    summary: "Change what a key may do",
    request: keyUpdateSchema,
    response: keySchema,
  }),
  jsonRoute({ ...one, method: "delete", summary: "Revoke a key, for good", response: keySchema }),
  jsonRoute({
    method: "post",
    path: "/v1/admin/keys/{id}/rotate",
    params: keyParamsSchema,
    summary: "Give a key a new secret",
    request: keyRotateSchema,
    response: newKeySchema,
  }),
];

export interface KeyRoutesDependencies {
  readonly keys: KeyStore;
  readonly rateTiers: RateTiers;
  /** Called after every change of a key, before it is confirmed. */
  readonly onChange: (record: KeyRecord) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** `/v1/admin/keys`: the keys of tenants. */
export function registerKeys(app: OpenAPIHono<HttpEnvironment>, dependencies: KeyRoutesDependencies): void {
  const { keys, wallClock, rateTiers, onChange } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  app.get("/v1/admin/keys", async (c) => {
    const records = await keys.list(c.req.query("tenant"));
    return c.json({ object: "list", data: records.map((record) => keyBody(record, wallClock())) });
  });
  app.post("/v1/admin/keys", async (c) => {
    const settings = newKeySettings(await readJson(c.req.raw, { schema: keyCreateSchema }));
    checkSettings(settings, rateTiers);
    const { id, key } = createApiKey();
    const record = { ...settings, id, hash: await hashApiKey(key), generation: 1, createdAt: wallClock() };
    await keys.insert(record);
    return shownOnce({ ...keyBody(record, wallClock()), key });
  });
  app.get("/v1/admin/keys/:id", async (c) => c.json(keyBody(await requireKey(keys, idOf(c)), wallClock())));
  app.patch("/v1/admin/keys/:id", async (c) => {
    const id = idOf(c);
    const body = await readJson(c.req.raw, { schema: keyUpdateSchema });
    const settings = changedKeySettings(await requireKey(keys, id), body);
    checkSettings(settings, rateTiers);
    const record = stillThere(await keys.update(id, settings), id);
    await onChange(record);
    return c.json(keyBody(unrevoked(record), wallClock()));
  });
  app.delete("/v1/admin/keys/:id", async (c) => {
    const id = idOf(c);
    const record = stillThere(await keys.revoke(id, wallClock()), id);
    await onChange(record);
    return c.json(keyBody(record, wallClock()));
  });
  app.post("/v1/admin/keys/:id/rotate", (c) => rotate(c, dependencies));
}

async function rotate(c: HttpContext, { keys, wallClock, onChange }: KeyRoutesDependencies): Promise<Response> {
  const id = idOf(c);
  const { grace_seconds: grace } = await readJson(c.req.raw, { schema: keyRotateSchema });
  const { key } = createApiKey(id);
  const at = wallClock();
  const hash = await hashApiKey(key);
  const record = stillThere(await keys.rotate(id, { hash, at, previousUntil: at + grace * 1000 }), id);
  await onChange(record);
  return shownOnce({ ...keyBody(unrevoked(record), wallClock()), key });
}

/** No cache between us and the operator may keep it. */
function shownOnce(body: JsonObject): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

/** What a schema cannot see. */
function checkSettings({ tier, grants }: KeySettings, rateTiers: RateTiers): void {
  if (!rateTiers.has(tier)) {
    const known = [...rateTiers.keys()].map((name) => `"${name}"`).join(", ");
    throw new AppError("invalid_request", `tier: RATE_TIERS has no "${tier}"; there are ${known}`, {
      details: { param: "tier" },
    });
  }
  // It could create any other key, and so reach everything: a bound on it would be a promise that nobody keeps.
  if (grants.scopes.includes("admin") && !(grants.collections.includes("*") && grants.models.includes("*"))) {
    throw new AppError(
      "invalid_request",
      "scopes: a key with the scope admin cannot be bound to collections or models",
      {
        details: { param: "scopes" },
      },
    );
  }
}

async function requireKey(keys: KeyStore, id: string): Promise<KeyRecord> {
  return stillThere(await keys.get(id), id);
}

function stillThere(record: KeyRecord | undefined, id: string): KeyRecord {
  if (record === undefined) {
    throw new AppError("unknown_key", `there is no key ${id}; see GET /v1/admin/keys`, { details: { param: "id" } });
  }
  return record;
}

function unrevoked(record: KeyRecord): KeyRecord {
  if (record.revokedAt !== undefined) {
    const message = `key ${record.id} was revoked and stays so; create another one`;
    throw new AppError("invalid_request", message, { details: { param: "id" } });
  }
  return record;
}

function idOf(c: HttpContext): string {
  const parsed = keyParamsSchema.safeParse({ id: c.req.param("id") });
  if (!parsed.success) {
    throw invalidRequest(parsed.error);
  }
  return parsed.data.id;
}
