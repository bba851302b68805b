import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { createMeteredApp, ledgerObject, type MeteredApp, usageRows, withKey } from "./metered-app.ts";

const CHAT = "/v1/chat/completions";

const ask = (key: string, idempotencyKey: string, body: object = {}): RequestInit =>
  withKey(
    key,
    { messages: [{ role: "user", content: "What purrs?" }], retrieval: false, ...body },
    { headers: { "idempotency-key": idempotencyKey } },
  );

function world(target: TargetLm = fakeTargetLm({ name: "extractive" })): {
  readonly app: MeteredApp;
  readonly asked: () => number;
} {
  let asked = 0;
  const counting: TargetLm = {
    ...target,
    generate: (request, options) => {
      asked++;
      return target.generate(request, options);
    },
  };
  return { app: createMeteredApp({ dependencies: { targetLms: () => [counting] } }), asked: () => asked };
}

describe("Idempotency-Key", () => {
  it("answers a repetition with the first response, byte for byte, and asks the model once", async ({ expect }) => {
    const { app, asked } = world();
    const { id, key } = await app.createKey();
    const first = await app.fetch(CHAT, ask(key, "one"));
    const second = await app.fetch(CHAT, ask(key, "one"));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(asked()).toBe(1);
    await app.settled();
    await ledgerObject(id).flush();
    const rows = await usageRows(id);
    expect(rows.map(({ completion_tokens: tokens }) => tokens).toSorted((a, b) => a - b)).toEqual([0, 2]);
  });

  it("lets one of many at once through; the others are told to come back", async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const { app, asked } = world({
      ...fakeTargetLm({ name: "extractive" }),
      async *generate(request, options) {
        await gate.promise;
        yield* fakeTargetLm().generate(request, options);
      },
    });
    const { key } = await app.createKey();
    const all = Promise.all(Array.from({ length: 8 }, () => app.fetch(CHAT, ask(key, "many"))));
    setTimeout(gate.resolve, 500);
    const statuses = (await all).map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    expect(asked()).toBe(1);
  });

  it("is refused for another request, and is another tenant's own", async ({ expect }) => {
    const { app, asked } = world();
    const [one, other] = [await app.createKey(), await app.createKey({ tenant: "other" })];
    await app.fetch(CHAT, ask(one.key, "k"));
    const mismatch = await app.fetch(CHAT, ask(one.key, "k", { temperature: 1 }));
    expect([mismatch.status, (await mismatch.json<{ error: { code: string } }>()).error.code]).toEqual([
      422,
      "idempotency_mismatch",
    ]);
    const foreign = await app.fetch(CHAT, ask(other.key, "k"));
    expect(foreign.headers.get("idempotency-replayed")).toBeNull();
    expect(asked()).toBe(2);
  });

  it("keeps no failure, no stream and no secret", async ({ expect }) => {
    const { app, asked } = world(
      fakeTargetLm({
        name: "extractive",
        script: ({ stream }) => (stream ? ["Cats."] : [new AppError("upstream_unavailable", "down")]),
      }),
    );
    const { key } = await app.createKey();
    for (let sent = 0; sent < 2; sent++) {
      expect((await app.fetch(CHAT, ask(key, "failing"))).status).toBe(502);
      const stream = await app.fetch(CHAT, ask(key, "streaming", { stream: true }));
      expect(await stream.text()).toContain("[DONE]");
    }
    expect(asked()).toBe(4);
    const create = { name: "n", tenant: "acme", scopes: ["retrieve"] };
    const keys = [];
    for (let sent = 0; sent < 2; sent++) {
      const made = await app.fetch(
        "/v1/admin/keys",
        withKey("operator", create, { headers: { "idempotency-key": "c" } }),
      );
      keys.push((await made.json<{ key: string }>()).key);
    }
    expect(keys[0]).not.toBe(keys[1]);
  });

  it.for(["", "x".repeat(256), "two words"])("%j is refused", async (idempotencyKey, { expect }) => {
    const { app } = world();
    const { key } = await app.createKey();
    const reply = await app.fetch(CHAT, ask(key, idempotencyKey));
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { param: "Idempotency-Key" } }]);
  });
});
