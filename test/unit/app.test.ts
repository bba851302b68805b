import { describe, it } from "vitest";
import { createMisconfiguredApp } from "../../src/app.ts";
import { answerQuery } from "../../src/rag/answer-query.ts";
import { parseConfiguration } from "../../src/shared/configuration.ts";
import { AppError, toAppError } from "../../src/shared/errors.ts";
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

describe("HEAD and unknown methods", () => {
  it("405 lists what the path takes", async ({ expect }) => {
    const response = await createTestApp().fetch("/v1/admin/collections/animals", { method: "PATCH" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").toSorted()).toEqual(["DELETE", "GET", "HEAD", "PUT"]);
  });
});
