import { describe, it } from "vitest";
import { createTestApp } from "../../../support/test-app.ts";

const PRODUCTION = { MODE: "production", API_KEYS: "alpha, beta", ADMIN_KEY: "root" };

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
