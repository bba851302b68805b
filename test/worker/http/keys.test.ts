import { env } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { SMALL_COLLECTION, uploadSmallCollection } from "../../support/small-collection.ts";
import { callWorker, type CallOptions, type Reply } from "./call-worker.ts";

const ALL = "/v1/admin/keys";

async function create(body: object): Promise<{ readonly id: string; readonly key: string }> {
  const { json } = await callWorker(ALL, { body: { name: "n", tenant: "acme", scopes: ["retrieve"], ...body } });
  return json;
}

async function as(key: string, path: string, options: CallOptions = {}): Promise<Reply> {
  return await callWorker(path, { ...options, headers: { authorization: `Bearer ${key}` } });
}

const search = (collection: string): CallOptions => ({ body: { query: "coast", collection } });

beforeAll(async () => {
  await uploadSmallCollection("", { call: callWorker });
  await uploadSmallCollection("", { call: callWorker, name: "acme.docs" });
  await uploadSmallCollection("", { call: callWorker, name: "other.docs" });
});

describe("POST /v1/admin/keys", () => {
  it("shows the key once, and keeps nothing that opens anything", async ({ expect }) => {
    const reply = await callWorker(ALL, {
      body: {
        name: "search box",
        tenant: "acme",
        scopes: ["retrieve"],
        budget: { tokens: 1000, usd: 2.5 },
        expires_at: 4_000_000_000,
      },
    });
    const { key, ...record } = reply.json;
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(key).toMatch(new RegExp(`^aar_${record.id}_[\\w-]{43}$`));
    expect(record).toEqual({
      object: "api_key",
      id: record.id,
      prefix: `aar_${record.id}`,
      tenant: "acme",
      name: "search box",
      scopes: ["retrieve"],
      collections: ["acme.*"],
      models: ["*"],
      routes: ["*"],
      tier: "unlimited",
      budget: { tokens: 1000, usd: 2.5 },
      status: "active",
      created_at: record.created_at,
      expires_at: 4_000_000_000,
      rotated_at: null,
      revoked_at: null,
    });
    expect((await callWorker(`${ALL}/${record.id}`)).json).toEqual(record);
    expect((await callWorker(`${ALL}?tenant=acme`)).json.data).toContainEqual(record);
    expect((await callWorker(`${ALL}?tenant=nobody`)).json.data).toEqual([]);
    const row = await env.DB.prepare("SELECT * FROM api_keys WHERE id = ?").bind(record.id).first();
    expect(JSON.stringify(row)).not.toContain(key.slice(-43));
  });

  it.for([
    ["an unknown scope", { scopes: ["all"] }, "scopes.0"],
    ["no scope", { scopes: [] }, "scopes"],
    ["a tenant with a dot, which would be another tenant's beginning", { tenant: "acme.x" }, "tenant"],
    ["a `*` in the middle", { collections: ["a*c"] }, "collections.0"],
    ["an unknown tier", { tier: "gold" }, "tier"],
    ["an end in milliseconds", { expires_at: 1_800_000_000_000 }, "expires_at"],
    ["a negative budget", { budget: { tokens: -1 } }, "budget.tokens"],
    ["an admin bound to collections", { scopes: ["admin"], collections: ["acme.*"] }, "scopes"],
    ["a field that it does not know", { secret: "mine" }, "secret"],
  ] as const)("refuses %s", async ([, body, param], { expect }) => {
    const reply = await callWorker(ALL, { body: { name: "n", tenant: "acme", scopes: ["retrieve"], ...body } });
    expect([reply.status, reply.json.error.param]).toEqual([400, param]);
  });
});

describe("a key", () => {
  it("opens its tenant's collections; others are as unknown as none", async ({ expect }) => {
    const { key } = await create({});
    expect((await as(key, "/v1/retrieve", search("acme.docs"))).json.data).toHaveLength(3);
    const foreign = await as(key, "/v1/retrieve", search("other.docs"));
    const missing = await as(key, "/v1/retrieve", search("other.nope"));
    expect(foreign.status).toBe(404);
    expect(foreign.text.replaceAll("other.docs", "X")).toBe(missing.text.replaceAll("other.nope", "X"));
    expect((await as(key, "/v1/retrieve", search(SMALL_COLLECTION))).status).toBe(404);
  });

  it("searches its only collection when a request names none", async ({ expect }) => {
    const { key } = await create({ collections: ["other.docs"] });
    expect((await as(key, "/v1/retrieve", { body: { query: "coast" } })).json.collection).toBe("other.docs");
  });

  it.for([
    ["retrieve", "/v1/retrieve", 200],
    ["retrieve", "/v1/chat/completions", 403],
    ["retrieve", "/v1/admin/keys", 403],
    ["generate", "/v1/retrieve", 403],
    ["generate", "/v1/chat/completions", 200],
    ["ingest", "/v1/retrieve", 403],
    ["ingest", "/v1/models", 200],
    ["ingest", "/v1/admin/collections", 403],
    ["admin", "/v1/retrieve", 200],
    ["admin", "/v1/admin/keys", 200],
  ] as const)("with the scope %s calls %s: %i", async ([scope, path, status], { expect }) => {
    const { key } = await create({ scopes: [scope], collections: ["*"] });
    const bodies: Record<string, CallOptions> = {
      "/v1/retrieve": search("acme.docs"),
      "/v1/chat/completions": {
        body: { messages: [{ role: "user", content: "coast" }], retrieval: { collection: "acme.docs" } },
      },
    };
    const reply = await as(key, path, bodies[path]);
    expect([reply.status, reply.json.error?.code]).toEqual([status, status === 403 ? "forbidden" : undefined]);
  });

  it("is kept to its routes and to its models", async ({ expect }) => {
    const { key } = await create({
      scopes: ["generate", "retrieve"],
      models: ["gpt*"],
      routes: ["/v1/chat/*", "/v1/models"],
    });
    expect((await as(key, "/v1/retrieve", search("acme.docs"))).json.error.code).toBe("forbidden");
    const messages = [{ role: "user", content: "coast" }];
    for (const model of ["extractive", "gpt-unknown", undefined]) {
      const reply = await as(key, "/v1/chat/completions", { body: { messages, retrieval: false, model } });
      expect([reply.status, reply.json.error.code]).toEqual([404, "unknown_model"]);
      expect(reply.json.error.message).toContain("there are none");
    }
    expect((await as(key, "/v1/models")).json.data.map(({ id }: { id: string }) => id)).not.toContain("extractive");
  });

  it("opens nothing once it is revoked, unknown, altered, or past its end", async ({ expect }) => {
    const { id, key } = await create({});
    const past = await create({ expires_at: 1_000_000_000 });
    expect((await callWorker(`${ALL}/${past.id}`)).json.status).toBe("expired");
    expect((await as(key, "/v1/models")).status).toBe(200);
    const revoked = await callWorker(`${ALL}/${id}`, { method: "DELETE" });
    expect([revoked.status, revoked.json.status]).toEqual([200, "revoked"]);
    const altered = `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;
    for (const bad of [key, past.key, altered, `aar_${"a".repeat(12)}_${"b".repeat(43)}`]) {
      const reply = await as(bad, "/v1/models");
      expect([reply.status, reply.json.error.message]).toEqual([401, "this key is not known here"]);
    }
    for (const path of [`${ALL}/${id}/rotate`, `${ALL}/${id}`]) {
      const reply = await callWorker(path, { method: path.endsWith("rotate") ? "POST" : "PATCH", body: {} });
      expect([reply.status, reply.json.error.code]).toEqual([400, "invalid_request"]);
    }
  });

  it("gets a new secret, and the old one opens for the grace that was asked for", async ({ expect }) => {
    const { id, key } = await create({});
    expect((await as(key, "/v1/models")).status).toBe(200);
    const second = await callWorker(`${ALL}/${id}/rotate`, { body: { grace_seconds: 600 } });
    expect(second.json).toMatchObject({ id, rotated_at: expect.any(Number) });
    expect((await as(key, "/v1/models")).status).toBe(200);
    expect((await as(second.json.key, "/v1/models")).status).toBe(200);
    const third = await callWorker(`${ALL}/${id}/rotate`, { body: {} });
    expect((await as(key, "/v1/models")).status).toBe(401);
    expect((await as(second.json.key, "/v1/models")).status).toBe(401);
    expect((await as(third.json.key, "/v1/models")).status).toBe(200);
  });

  it("takes changes at once; what a change leaves out stays", async ({ expect }) => {
    const { id, key } = await create({ budget: { tokens: 5000, usd: 1 } });
    expect((await as(key, "/v1/retrieve", search("acme.docs"))).status).toBe(200);
    const changed = await callWorker(`${ALL}/${id}`, {
      method: "PATCH",
      body: { collections: ["other.docs"], budget: { usd: null }, expires_at: 4_000_000_000 },
    });
    expect(changed.json).toMatchObject({ name: "n", scopes: ["retrieve"], budget: { tokens: 5000, usd: null } });
    expect((await as(key, "/v1/retrieve", search("acme.docs"))).status).toBe(404);
    expect((await as(key, "/v1/retrieve", search("other.docs"))).status).toBe(200);
    const endless = await callWorker(`${ALL}/${id}`, { method: "PATCH", body: { expires_at: null } });
    expect(endless.json).toMatchObject({ expires_at: null, collections: ["other.docs"] });
  });

  it("that nobody made is not found", async ({ expect }) => {
    const id = "zzzzzzzzzzzz";
    for (const [path, method] of [
      [`${ALL}/${id}`, "GET"],
      [`${ALL}/${id}`, "DELETE"],
      [`${ALL}/${id}/rotate`, "POST"],
    ] as const) {
      const reply = await callWorker(path, { method, ...(method === "POST" ? { body: {} } : {}) });
      expect([reply.status, reply.json.error.code]).toEqual([404, "unknown_key"]);
    }
    expect((await callWorker(`${ALL}/no-id`)).status).toBe(400);
  });
});
