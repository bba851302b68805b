import { test } from "vitest";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { lazyEncoder } from "../../../src/encoder/lazy-encoder.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";

test("concurrent first calls share one load", async ({ expect }) => {
  let loads = 0;
  const { promise, resolve } = Promise.withResolvers<Encoder>();
  const source = lazyEncoder(() => {
    loads += 1;
    return promise;
  });
  const waiting = Promise.all([source(), source(), source()]);
  const encoder = fakeEncoder();
  resolve(encoder);
  expect(await waiting).toEqual([encoder, encoder, encoder]);
  await source();
  expect(loads).toBe(1);
});

test("a failed load fails everyone who waited for it, and the next call loads again", async ({ expect }) => {
  let loads = 0;
  const encoder = fakeEncoder();
  const source = lazyEncoder(() => {
    loads += 1;
    return loads === 1 ? Promise.reject(new Error("no such asset")) : Promise.resolve(encoder);
  });
  const outcomes = await Promise.allSettled([source(), source()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await source()).toBe(encoder);
  expect(loads).toBe(2);
});

test("a load that throws before its promise is retried too", async ({ expect }) => {
  let loads = 0;
  const source = lazyEncoder(() => {
    loads += 1;
    throw new Error(`load ${loads}`);
  });
  await expect(source()).rejects.toThrow("load 1");
  await expect(source()).rejects.toThrow("load 2");
});
