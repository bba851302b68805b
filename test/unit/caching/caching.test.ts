import * as fc from "fast-check";
import { describe, test } from "vitest";
import { cacheKey } from "../../../src/caching/cache-key.ts";
import { parseCacheSettings } from "../../../src/caching/cache-settings.ts";
import { cacheControlOf } from "../../../src/caching/caching.ts";
import { MemoryCache } from "../../../src/caching/memory-cache.ts";
import { createTieredCache } from "../../../src/caching/tiered-cache.ts";

describe("Cache-Control of a request", () => {
  test.for<[header: string | undefined, canRead: boolean, canWrite: boolean]>([
    [undefined, true, true],
    ["max-age=60", true, true],
    ["no-cache", false, true],
    ["Max-Age=0", false, true],
    ["no-store", false, false],
    ["no-transform , NO-STORE", false, false],
  ])("%s: reads %s, writes %s", ([header, canRead, canWrite], { expect }) => {
    expect(cacheControlOf(header)).toEqual({ canRead, canWrite });
  });
});

describe("cacheKey", () => {
  test("is the same for the same parts, whatever the order of an object's keys", async ({ expect }) => {
    const one = await cacheKey("retrieval", ["acme", { a: 1, b: { c: [1, 2], d: 3 } }]);
    expect(await cacheKey("retrieval", ["acme", { b: { d: 3, c: [1, 2] }, a: 1 }])).toBe(one);
    expect(one).toMatch(/^retrieval\/[0-9a-f]{64}$/u);
  });

  test("is another for anything else", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), async (left, right) => {
        const isSame = canonical(left) === canonical(right);
        expect((await cacheKey("answer", left)) === (await cacheKey("answer", right))).toBe(isSame);
      }),
    );
    expect(await cacheKey("answer", [["a"], "b"])).not.toBe(await cacheKey("answer", [["a", "b"]]));
    expect(await cacheKey("answer", ["a"])).not.toBe(await cacheKey("retrieval", ["a"]));
  });
});

/** JSON with sorted keys, written another way than the one under test. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join()}]`;
  }
  return typeof value === "object" && value !== null
    ? `{${Object.keys(value)
        .toSorted()
        .map((key) => `${JSON.stringify(key)}:${canonical(Reflect.get(value, key))}`)
        .join()}}`
    : JSON.stringify(value);
}

describe("MemoryCache", () => {
  test("forgets what is over, and what was unused for longest when it is full", async ({ expect }) => {
    let now = 0;
    // Room for three entries of 2 * (1 + 9) bytes.
    const cache = new MemoryCache({ maxBytes: 60, now: () => now });
    for (const key of ["a", "b", "c"]) {
      await cache.put(key, "123456789", 10);
    }
    expect(await cache.get("a")).toBe("123456789");
    await cache.put("d", "123456789", 20);
    expect(await Promise.all(["a", "b", "c", "d"].map((key) => cache.get(key)))).toEqual([
      "123456789",
      undefined,
      "123456789",
      "123456789",
    ]);
    now = 10_000;
    expect(await cache.get("a")).toBeUndefined();
    expect(await cache.get("d")).toBe("123456789");
    await cache.put("e", "x".repeat(100), 10);
    expect(await cache.get("e")).toBeUndefined();
    expect(await cache.get("d")).toBe("123456789");
  });
});

describe("a tiered cache", () => {
  test("keeps near what the far one has, for what is left of its time", async ({ expect }) => {
    let now = 1_000;
    const tier = () => new MemoryCache({ maxBytes: 10_000, now: () => now });
    const [near, far, other] = [tier(), tier(), tier()];
    await createTieredCache({ near, far, now: () => now }).put("k", "line\nline", 10);
    const elsewhere = createTieredCache({ near: other, far, now: () => now });
    now += 9_000;
    expect(await elsewhere.get("k")).toBe("line\nline");
    expect(await other.get("k")).toBe("line\nline");
    now += 1_000;
    expect(await elsewhere.get("k")).toBeUndefined();
  });

  test("takes nothing from a far one that holds something else", async ({ expect }) => {
    const far = { get: () => Promise.resolve("garbage"), put: () => Promise.resolve() };
    const near = new MemoryCache({ maxBytes: 100, now: () => 0 });
    expect(await createTieredCache({ near, far, now: () => 0 }).get("k")).toBeUndefined();
  });
});

describe("CACHE", () => {
  test("keeps embeddings and passages, no answers, when nothing is said", ({ expect }) => {
    expect(parseCacheSettings(undefined)).toEqual({
      embedding: { ttlSeconds: 86_400 },
      retrieval: { ttlSeconds: 60 },
      answer: undefined,
    });
  });

  test("switches each off or on", ({ expect }) => {
    const text = '{"embedding": false, "retrieval": {"ttl_seconds": 5}, "answer": {"semantic": {"threshold": 0.9}}}';
    expect(parseCacheSettings(text)).toEqual({
      embedding: undefined,
      retrieval: { ttlSeconds: 5 },
      answer: { ttlSeconds: 3_600, temperature: "zero", semantic: { threshold: 0.9, entries: 64 } },
    });
  });

  test.for([
    ["{", /CACHE is not JSON/u],
    ['{"answers": {}}', /CACHE: .*answers/u],
    ['{"answer": {"semantic": {"threshold": 2}}}', /CACHE: answer/u],
    ['{"retrieval": true}', /CACHE: retrieval/u],
  ] as const)("refuses %s", ([text, message], { expect }) => {
    expect(() => parseCacheSettings(text)).toThrow(message);
  });
});
