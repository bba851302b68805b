import { describe, it } from "vitest";
import { createMeteredApp, type MeteredApp, withKey } from "./metered-app.ts";

const from = (address: string): { headers: Record<string, string> } => ({ headers: { "cf-connecting-ip": address } });

async function guess(app: MeteredApp, key: string, address: string): Promise<number> {
  return (await app.fetch("/v1/models", withKey(key, undefined, from(address)))).status;
}

describe("an address that guesses keys", () => {
  it("is told no more after ten wrong ones, not even of a right one; others are", async ({ expect }) => {
    const app = createMeteredApp();
    const { key } = await app.createKey();
    const known = "192.0.2.9";
    expect(await guess(app, key, known)).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 30 }, (_, index) => guess(app, `wrong-${index}`, known)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    const other = await app.createKey();
    const late = await app.fetch("/v1/models", withKey(other.key, undefined, from(known)));
    expect(late.status).toBe(429);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    // Who was there before with a right key stays; so does everyone elsewhere.
    expect(await guess(app, key, known)).toBe(200);
    expect(await guess(app, other.key, "192.0.2.10")).toBe(200);
  });

  it("is counted across isolates, and the addresses of one IPv6 network together", async ({ expect }) => {
    const apps = [createMeteredApp(), createMeteredApp()];
    const statuses: number[] = [];
    for (let tried = 0; tried < 14; tried++) {
      const app = apps[tried % 2] ?? apps[0];
      if (app !== undefined) {
        statuses.push(
          await guess(app, `aar_${"a".repeat(12)}_${String(tried).padStart(43, "b")}`, `2001:db8:1:2::${tried}`),
        );
      }
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429, 429, 429]);
  });

  it("is not whoever sends no key", async ({ expect }) => {
    const app = createMeteredApp();
    for (let tried = 0; tried < 15; tried++) {
      expect((await app.fetch("/v1/models", from("192.0.2.77"))).status).toBe(401);
    }
  });
});
