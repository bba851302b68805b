import { env } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { decodeQueryAdapter } from "../../../src/encoder/query-adapter.ts";
import { createD1Database } from "../../../src/platform/d1-database.ts";
import { SqlAdapterStore } from "../../../src/query-side/sql-adapter-store.ts";
import { bytesToBase64 } from "../../../src/shared/base64.ts";
import { randomAdapter, sha256Of } from "../../support/random-adapter.ts";
import { SMALL_COLLECTION, uploadSmallCollection } from "../../support/small-collection.ts";
import { callWorker } from "../http/call-worker.ts";

// Against the Worker of wrangler.toml: real encoder, D1, Durable Object.
const ADMIN = `/v1/admin/collections/${SMALL_COLLECTION}`;
const QUESTION = "Which country has the longest coastline?";

let adapter: Uint8Array;
beforeAll(async () => {
  const compatibleWith = await uploadSmallCollection("", { call: callWorker });
  adapter = await randomAdapter({
    seed: 7,
    dims: 384,
    scale: 30,
    dtype: "float16",
    manifest: { compatibleWith, queryModel: await queryModel() },
  });
});

async function load(name: string, file = adapter) {
  const body = { sha256: await sha256Of(file), content: bytesToBase64(file) };
  return await callWorker(`${ADMIN}/adapters/${name}`, { method: "PUT", body });
}

function setQuerySide(body: object) {
  return callWorker(`${ADMIN}/query-side`, { method: "PUT", body });
}

function retrieve(body: object = {}) {
  return callWorker("/v1/retrieve", {
    body: { query: QUESTION, collection: SMALL_COLLECTION, mode: "dense", ...body },
  });
}

describe("query adapters of a collection", () => {
  it("are loaded, listed, and used by the requests that ask for them", async ({ expect }) => {
    const before = await retrieve();
    expect(before.json).toMatchObject({ encoder: "default", adapter: null });
    const { status, json } = await load("noise");
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { object: "query_adapter", name: "noise", kind: "linear", dims: 384, bytes: adapter.byteLength },
    });
    expect((await callWorker(`${ADMIN}/adapters`)).json.data).toEqual([json]);
    expect((await callWorker(`/v1/query-side?collection=${SMALL_COLLECTION}`)).json).toMatchObject({
      encoders: ["default", "tiny"],
      adapters: ["noise", "factbook-example"],
      default: null,
    });
    const adapted = await retrieve({ adapter: "noise" });
    expect(adapted.json.adapter).toEqual({ name: "noise", sha256: await sha256Of(adapter) });
    const scoresOf = ({ json: { data } }: typeof before): number[] => data.map(({ score }: { score: number }) => score);
    expect(scoresOf(adapted)).not.toEqual(scoresOf(before));
    expect(scoresOf(await retrieve())).toEqual(scoresOf(before));
    const tiny = await retrieve({ encoder: "tiny" });
    expect(tiny.json).toMatchObject({ encoder: "tiny", adapter: null });
    expect(scoresOf(tiny)).not.toEqual(scoresOf(before));
  });

  it("are chosen by the collection's default, by the target LM, and by the request, in rising order", async ({
    expect,
  }) => {
    await load("one");
    await load("two");
    const set = await setQuerySide({
      default: { adapter: "one" },
      models: { extractive: { adapter: "two" }, other: { adapter: null } },
    });
    expect(set.json).toMatchObject({ default: { adapter: "one" }, models: { extractive: { adapter: "two" } } });
    const adapterOf = async (body: object): Promise<string | null> => (await retrieve(body)).json.adapter?.name ?? null;
    expect(await adapterOf({})).toBe("one");
    expect(await adapterOf({ model: "extractive" })).toBe("two");
    expect(await adapterOf({ model: "other" })).toBeNull();
    expect(await adapterOf({ model: "extractive", adapter: "one" })).toBe("one");
    expect(await adapterOf({ adapter: null })).toBeNull();
    const chat = async (options: object): Promise<unknown> => {
      const { json } = await callWorker("/v1/chat/completions", {
        body: {
          messages: [{ role: "user", content: QUESTION }],
          retrieval: { collection: SMALL_COLLECTION, ...options },
        },
      });
      return json.retrieval.adapter?.name ?? null;
    };
    expect(await chat({})).toBe("two");
    expect(await chat({ adapter: "one" })).toBe("one");
    expect(await chat({ encoder: "default" })).toBeNull();
    await setQuerySide({});
  });

  it("take effect at once when they are replaced", async ({ expect }) => {
    await load("replaced");
    const first = (await retrieve({ adapter: "replaced" })).json.adapter.sha256;
    const other = await randomAdapter({
      seed: 8,
      dims: 384,
      manifest: { compatibleWith: await fingerprint(), queryModel: await queryModel() },
    });
    await load("replaced", other);
    const second = (await retrieve({ adapter: "replaced" })).json.adapter.sha256;
    expect([first, second]).toEqual([await sha256Of(adapter), await sha256Of(other)]);
  });

  it("are refused with a reason when they do not fit or are damaged, and leave no trace", async ({ expect }) => {
    const damaged = Uint8Array.from(adapter);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const foreign = await randomAdapter({ seed: 1, dims: 384, manifest: { queryModel: await queryModel() } });
    const small = await randomAdapter({ seed: 1, dims: 8, manifest: { compatibleWith: await fingerprint() } });
    for (const [file, status, code] of [
      [damaged, 400, "invalid_request"],
      [foreign, 409, "fingerprint_mismatch"],
      [small, 400, "dims_mismatch"],
    ] as const) {
      const reply = await load("refused", file);
      expect([reply.status, reply.json.error.code]).toEqual([status, code]);
    }
    expect((await retrieve({ adapter: "refused" })).json.error).toMatchObject({
      code: "unknown_adapter",
      param: "adapter",
    });
  });

  it("cannot be deleted while the collection uses them", async ({ expect }) => {
    await load("used");
    await setQuerySide({ default: { adapter: "used" } });
    const refused = await callWorker(`${ADMIN}/adapters/used`, { method: "DELETE" });
    expect([refused.status, refused.json.error.message]).toEqual([400, expect.stringContaining("in use")]);
    await setQuerySide({});
    expect((await callWorker(`${ADMIN}/adapters/used`, { method: "DELETE" })).status).toBe(200);
    expect((await callWorker(`${ADMIN}/adapters/used`, { method: "DELETE" })).status).toBe(404);
  });

  it("refuses settings with names that are not there", async ({ expect }) => {
    expect((await setQuerySide({ default: { adapter: "nobody" } })).json.error.code).toBe("unknown_adapter");
    expect((await setQuerySide({ shadow: { encoder: "nobody" } })).json.error.code).toBe("unknown_model");
  });
});

describe("a shadow", () => {
  it("is recorded beside what was served, and summarised", async ({ expect }) => {
    await load("shadowed");
    await setQuerySide({ shadow: { adapter: "shadowed" } });
    const served = await retrieve();
    expect(served.json.adapter).toBeNull();
    await expect
      .poll(async () => (await callWorker(`${ADMIN}/shadow`)).json.data)
      .toMatchObject([{ served_adapter: null, shadow_adapter: "shadowed", requests: 1 }]);
    const row = await env.DB.prepare("SELECT * FROM shadow_retrievals").first();
    expect(row).toMatchObject({ request_id: served.headers.get("x-request-id"), query: null });
    await setQuerySide({});
  });
});

describe("SqlAdapterStore", () => {
  it("gives back files of more than one row, byte for byte, and forgets them with their collection", async ({
    expect,
  }) => {
    const store = new SqlAdapterStore(createD1Database(env.DB));
    const collection = "short-lived";
    await uploadSmallCollection("", { call: callWorker, name: collection });
    const file = await randomAdapter({ seed: 9, dims: 640 });
    expect(file.byteLength).toBeGreaterThan(1_500_000);
    const { manifest, sha256 } = await decodeQueryAdapter(file, "big");
    await store.put(collection, { name: "big", sha256, bytes: file.byteLength, manifest, file });
    expect(await store.read(collection, "big")).toEqual(file);
    await callWorker(`/v1/admin/collections/${collection}`, { method: "DELETE" });
    const left = await env.DB.prepare(
      "SELECT count(*) AS parts FROM query_adapter_parts JOIN query_adapters ON id = adapter_id WHERE name = 'big'",
    ).first();
    expect(left).toEqual({ parts: 0 });
  });
});

async function fingerprint(): Promise<string> {
  return (await callWorker("/health")).json.encoder.fingerprint;
}

async function queryModel(): Promise<string> {
  const manifest = await (
    await env.ASSETS.fetch("https://assets.invalid/encoder/manifest.json")
  ).json<{
    model: { sha256: string };
  }>();
  return manifest.model.sha256;
}
