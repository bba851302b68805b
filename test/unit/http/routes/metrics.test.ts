import { describe, it } from "vitest";
import { answerQuery } from "../../../../src/rag/answer-query.ts";
import { type AppOverFakes, createAppOverFakes } from "../../../support/app-over-fakes.ts";
import { memoryLedgers } from "../../../support/memory-ledgers.ts";

const post = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
const bearer = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });

function createApp(variables: Readonly<Record<string, string>> = {}): AppOverFakes {
  const { ledgerOf } = memoryLedgers();
  return createAppOverFakes({ ledgerOf, variables, answer: answerQuery });
}

describe("GET /metrics", () => {
  it("tells requests by route and status, stages, tokens and targets, and no content", async ({ expect }) => {
    const app = createApp();
    await app.fetch("/v1/retrieve", post({ query: "secret words" }));
    await app.fetch("/v1/retrieve", post({}));
    await app.fetch("/v1/collections/secret-name/documents");
    await app.fetch("/nowhere/secret");
    const answer = await app.fetch("/v1/chat/completions", post({ messages: [{ role: "user", content: "secret?" }] }));
    await answer.text();
    await expect
      .poll(async () => await (await app.fetch("/metrics")).text())
      .toContain('aar_request_outcomes_total{outcome="completed",route="/v1/chat/completions"} 1');
    const response = await app.fetch("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/u);
    const text = await response.text();
    for (const line of [
      'aar_requests_total{method="POST",route="/v1/retrieve",status="200"} 1',
      'aar_requests_total{method="POST",route="/v1/retrieve",status="400"} 1',
      'aar_requests_total{method="GET",route="(none)",status="404"} 1',
      'aar_stage_duration_seconds_count{stage="dense"} 2',
      'aar_tokens_total{kind="embedding"} 10',
      'aar_target_requests_total{outcome="completed",target="fake"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain("secret");
  });

  it("is for the operator, for METRICS_TOKEN, and for keys of that scope", async ({ expect }) => {
    const app = createApp({ MODE: "production", ADMIN_KEY: "operator", METRICS_TOKEN: "scraper", API_KEYS: "client" });
    const statusOf = async (path: string, key?: string): Promise<number> =>
      (await app.fetch(path, key === undefined ? {} : bearer(key))).status;
    expect(await statusOf("/metrics")).toBe(401);
    expect(await statusOf("/metrics", "client")).toBe(403);
    expect(await statusOf("/metrics", "scraper")).toBe(200);
    expect(await statusOf("/metrics", "operator")).toBe(200);
    expect(await statusOf("/v1/admin/keys", "scraper")).toBe(403);
    expect(await statusOf("/v1/collections", "scraper")).toBe(403);
  });

  it("is open in local mode until one of the two is set", async ({ expect }) => {
    expect((await createApp().fetch("/metrics")).status).toBe(200);
    expect((await createApp({ METRICS_TOKEN: "scraper" }).fetch("/metrics")).status).toBe(401);
    expect((await createApp({ ADMIN_KEY: "operator" }).fetch("/metrics")).status).toBe(401);
  });
});
