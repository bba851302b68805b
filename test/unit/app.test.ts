import { describe, it } from "vitest";
import { createMisconfiguredApp } from "../../src/app.ts";
import type { Encoder } from "../../src/encoder/encoder.ts";
import type { AnswerEvent } from "../../src/rag/answer-event.ts";
import { answerQuery } from "../../src/rag/answer-query.ts";
import { parseConfiguration } from "../../src/shared/configuration.ts";
import { AppError, toAppError } from "../../src/shared/errors.ts";
import { fakeEncoder } from "../support/fake-encoder.ts";
import { fakeRetriever } from "../support/fake-retriever.ts";
import { fakeTargetLm } from "../support/fake-target-lm.ts";
import { createTestApp, LOCAL_VARIABLES } from "../support/test-app.ts";

const PRODUCTION = { MODE: "production", API_KEYS: "alpha, beta", ADMIN_KEY: "root" };
const bearer = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });
const chat = (body: object, init: RequestInit = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ messages: [{ role: "user", content: "What purrs?" }], ...body }),
  ...init,
});

describe("keys", () => {
  it.for([
    ["/v1/models", {}, 401],
    ["/v1/models", bearer("gamma"), 401],
    ["/v1/models", { headers: { authorization: "Basic alpha" } }, 401],
    ["/v1/models", bearer("alpha"), 200],
    ["/v1/models", bearer("beta"), 200],
    ["/v1/models", bearer("root"), 200],
    ["/v1/admin/collections", bearer("alpha"), 403],
    ["/v1/admin/collections", {}, 401],
    ["/v1/admin/collections", bearer("root"), 200],
    ["/health", {}, 200],
    ["/", {}, 200],
    ["/openapi.json", {}, 200],
  ] as const)("in production, %s with %j: %i", async ([path, init, status], { expect }) => {
    const response = await createTestApp({ variables: PRODUCTION }).fetch(path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
  });

  it("in local mode none are needed, and /health says so", async ({ expect }) => {
    const { fetch } = createTestApp();
    expect((await fetch("/v1/models")).status).toBe(200);
    expect((await fetch("/v1/admin/collections")).status).toBe(200);
    expect(await (await fetch("/health")).json()).toMatchObject({
      authentication: "open",
      warnings: [expect.stringContaining("API_KEYS"), expect.stringContaining("ADMIN_KEY")],
    });
  });

  it("in local mode are wanted once they are set", async ({ expect }) => {
    const { fetch } = createTestApp({ variables: { API_KEYS: "alpha" } });
    expect((await fetch("/v1/models")).status).toBe(401);
  });

  it("in production without ADMIN_KEY the admin routes are closed to everyone, and the error names it", async ({
    expect,
  }) => {
    const { fetch } = createTestApp({ variables: { MODE: "production", API_KEYS: "alpha" } });
    const response = await fetch("/v1/admin/collections", bearer("alpha"));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      error: { code: "configuration_invalid", message: expect.stringContaining("ADMIN_KEY") },
    });
  });
});

describe("/openapi.json", () => {
  it("has patterns that are regular expressions without the slashes and flags of JavaScript", async ({ expect }) => {
    const text = await (await createTestApp().fetch("/openapi.json")).text();
    const patterns = [...text.matchAll(/"pattern":("(?:[^"\\\\]|\\\\.)*")/g)].map(([, json = ""]) =>
      String(JSON.parse(json)),
    );
    expect(patterns.length).toBeGreaterThan(10);
    expect(patterns.filter((pattern) => /\/[a-z]*$/u.test(pattern) || !pattern.endsWith("$"))).toEqual([]);
  });
});

describe("a configuration that is wrong", () => {
  it.for(["/", "/health", "/v1/chat/completions", "/nowhere"])("is what %s answers", async (path, { expect }) => {
    let error: unknown;
    try {
      parseConfiguration({ ...LOCAL_VARIABLES, MODE: "production" });
    } catch (thrown) {
      error = thrown;
    }
    const app = createMisconfiguredApp(toAppError(error), { log: () => undefined, now: () => 0 });
    const response = await app.fetch(new Request(`http://worker.test${path}`));
    expect(response.status).toBe(500);
    expect(response.headers.get("x-request-id")).not.toBeNull();
    expect(await response.json()).toMatchObject({
      error: { code: "configuration_invalid", message: expect.stringContaining("ADMIN_KEY") },
    });
  });
});

describe("CORS", () => {
  const preflight = (origin: string): RequestInit => ({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, x-stainless-os",
    },
  });

  it("lets the configured origin in, with whatever headers its client sends", async ({ expect }) => {
    const { status, headers } = await createTestApp({ variables: PRODUCTION }).fetch(
      "/v1/chat/completions",
      preflight("https://app.example"),
    );
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(headers.get("access-control-allow-headers")).toContain("x-stainless-os");
    expect(headers.get("access-control-allow-methods")).toContain("POST");
  });

  it("is not there for other origins, nor for the admin routes", async ({ expect }) => {
    const { fetch } = createTestApp();
    const other = await fetch("/v1/chat/completions", preflight("https://evil.example"));
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const admin = await fetch("/v1/admin/collections", preflight("https://app.example"));
    expect(admin.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is on errors too, so that a page can read them", async ({ expect }) => {
    const response = await createTestApp().fetch("/v1/retrieve", {
      method: "POST",
      body: "{",
      headers: { origin: "https://app.example" },
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });
});

describe("pages", () => {
  const from = (origin: string): RequestInit => ({ headers: { origin } });
  const search = (origin: string): RequestInit => ({ method: "POST", body: '{"query": "purrs"}', ...from(origin) });
  const OWN = "http://localhost:8787";
  const EVIL = "https://evil.example";
  // A name of the attacker's that has come to mean 127.0.0.1 (DNS rebinding): its pages are of the same origin.
  const REBOUND = "http://evil.example:8787";

  it.for([
    ["of this Worker", `${OWN}/v1/retrieve`, search(OWN), 200],
    [
      "of this Worker in the local network",
      "http://192.168.1.5:8787/v1/retrieve",
      search("http://192.168.1.5:8787"),
      200,
    ],
    ["of an allowed origin", `${OWN}/v1/retrieve`, search("https://app.example"), 200],
    ["of another site", `${OWN}/v1/retrieve`, search(EVIL), 403],
    ["of a file", `${OWN}/v1/retrieve`, search("null"), 403],
    ["of a name made to mean this machine", `${REBOUND}/v1/retrieve`, search(REBOUND), 403],
    ["of this Worker, admin", `${OWN}/v1/admin/collections`, from(OWN), 200],
    ["of an allowed origin, admin", `${OWN}/v1/admin/collections`, from("https://app.example"), 403],
    ["of another site, admin", `${OWN}/v1/admin/collections`, from(EVIL), 403],
    ["of a name made to mean this machine, admin", `${REBOUND}/v1/admin/collections`, from(REBOUND), 403],
  ] as const)("%s, on an open Worker: %s", async ([, url, init, status], { expect }) => {
    expect((await createTestApp().fetch(url, init)).status).toBe(status);
  });

  it("programs send no origin and are let in under any name", async ({ expect }) => {
    const { status } = await createTestApp().fetch(`${REBOUND}/v1/retrieve`, { ...search(REBOUND), headers: {} });
    expect(status).toBe(200);
  });

  it("need a key and no origin where there are keys; none for admin but of the Worker's own", async ({ expect }) => {
    const { fetch } = createTestApp({ variables: PRODUCTION });
    const withKey = (key: string, origin: string): RequestInit => ({
      headers: { authorization: `Bearer ${key}`, origin },
    });
    expect((await fetch("/v1/models", withKey("alpha", EVIL))).status).toBe(200);
    expect((await fetch("/v1/admin/collections", withKey("root", EVIL))).status).toBe(403);
    expect((await fetch("/v1/admin/collections", withKey("root", "http://worker.test"))).status).toBe(200);
  });

  it("of any site are let in by `*`", async ({ expect }) => {
    const { fetch } = createTestApp({ variables: { CORS_ORIGINS: "*" } });
    const response = await fetch(`${OWN}/v1/retrieve`, search(EVIL));
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  });
});

describe("request ids", () => {
  it.for([
    ["trace-1:a.b=c", true],
    ["x".repeat(129), false],
    ["two words", false],
    ['{"a":1}', false],
  ] as const)("%j is taken over: %s", async ([given, isTaken], { expect }) => {
    const { headers } = await createTestApp().fetch("/nowhere", { headers: { "x-request-id": given } });
    expect(headers.get("x-request-id") === given).toBe(isTaken);
  });
});

describe("the log", () => {
  it("has one line a request, without question or key; a stream's end has its own", async ({ expect }) => {
    const { fetch, log } = createTestApp({ variables: PRODUCTION });
    const response = await fetch("/v1/chat/completions", chat({ stream: true }, bearer("alpha")));
    await response.text();
    expect(log).toMatchObject([
      {
        event: "request",
        method: "POST",
        path: "/v1/chat/completions",
        status: 200,
        model: "extractive",
        stream: true,
      },
      { event: "stream-end" },
    ]);
    expect(log[1]?.["request_id"]).toBe(response.headers.get("x-request-id"));
    expect(JSON.stringify(log)).not.toMatch(/purrs|alpha/);
  });

  it.for([false, true])("names the fallback that answered (stream: %s)", async (stream, { expect }) => {
    const { fetch, log } = createTestApp({
      answer: (request) => answerQuery(request, { retriever: fakeRetriever([]) }),
      dependencies: {
        targetLms: (model) => [
          fakeTargetLm({ name: model, script: [new AppError("upstream_unavailable", "down")] }),
          fakeTargetLm({ name: "spare" }),
        ],
      },
    });
    const response = await fetch("/v1/chat/completions", chat({ model: "safe", stream }));
    const text = await response.text();
    expect(text).toContain('"answered_by":"spare"');
    const { model, answered_by } = log.at(-1) ?? {};
    expect({ model, answered_by }).toEqual({ model: "safe", answered_by: "spare" });
  });

  it("has the cause of a defect, which the reply has not", async ({ expect }) => {
    const { fetch, log } = createTestApp({
      dependencies: { encoder: () => Promise.reject(new Error("secret detail")) },
    });
    const response = await fetch("/health");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret detail");
    expect(log[0]).toMatchObject({ error_code: "internal", error: "secret detail" });
  });
});

describe("POST /v1/chat/completions", () => {
  it("refuses a stream over a target that cannot", async ({ expect }) => {
    const { fetch } = createTestApp({ dependencies: { targetLms: () => [fakeTargetLm({ canStream: false })] } });
    const response = await fetch("/v1/chat/completions", chat({ stream: true }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "stream_unsupported", param: "stream" } });
    expect((await fetch("/v1/chat/completions", chat({}))).status).toBe(200);
  });

  it("hands the client's leaving on, before the answer has begun", async ({ expect }) => {
    const leave = new AbortController();
    const seen = Promise.withResolvers<string>();
    const { fetch } = createTestApp({
      answer: async function* ({ signal }): AsyncGenerator<AnswerEvent> {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve, { once: true });
          queueMicrotask(() => leave.abort());
        });
        seen.resolve("aborted");
        signal.throwIfAborted();
        yield { type: "end", model: "m", target: "t" };
      },
    });
    await fetch("/v1/chat/completions", chat({}, { signal: leave.signal }));
    expect(await seen.promise).toBe("aborted");
  });

  it("aborts the answer when the stream is cancelled", async ({ expect }) => {
    const seen = Promise.withResolvers<string>();
    const { fetch } = createTestApp({
      answer: async function* ({ signal }): AsyncGenerator<AnswerEvent> {
        signal.addEventListener("abort", () => seen.resolve("aborted"), { once: true });
        for (;;) {
          await Promise.resolve();
          yield { type: "text-delta", choice: 0, text: "word " };
        }
      },
    });
    const response = await fetch("/v1/chat/completions", chat({ stream: true }));
    await response.body?.cancel();
    expect(await seen.promise).toBe("aborted");
  });
});

describe("POST /v1/embeddings", () => {
  it("stops encoding when the client leaves", async ({ expect }) => {
    const leave = new AbortController();
    const encoder = fakeEncoder();
    const seen = Promise.withResolvers<boolean>();
    const encodePassages: Encoder["encodePassages"] = async (passages, { signal } = {}) => {
      leave.abort();
      seen.resolve(signal?.aborted === true);
      return await encoder.encodePassages(passages);
    };
    const { fetch } = createTestApp({
      dependencies: { encoder: () => Promise.resolve({ ...encoder, encodePassages }) },
    });
    await fetch("/v1/embeddings", { method: "POST", body: '{"input": "a"}', signal: leave.signal });
    expect(await seen.promise).toBe(true);
  });
});

describe("HEAD and unknown methods", () => {
  it("405 lists what the path takes", async ({ expect }) => {
    const response = await createTestApp().fetch("/v1/admin/collections/animals", { method: "PATCH" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").toSorted()).toEqual(["DELETE", "GET", "HEAD", "PUT"]);
  });
});
