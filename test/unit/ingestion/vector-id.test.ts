import * as fc from "fast-check";
import { test } from "vitest";
import { passageIdOf, vectorIdOf } from "../../../src/ingestion/vector-id.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

test.for<[string, string, number]>([
  ["64 bytes stay readable", "x".repeat(62), 64],
  ["65 bytes are hashed", "x".repeat(63), 64],
  ["bytes count, not characters", "ü".repeat(40), 64],
])("%s", async ([, passageId, length], { expect }) => {
  const id = await vectorIdOf("c", passageId);
  expect(bytes(id)).toBe(length);
  expect(passageIdOf("c", id)).toBe(bytes(passageId) <= 62 ? passageId : undefined);
});

test("is sha256 of the readable id when hashed", async ({ expect }) => {
  // printf 'c/%s' "$(printf 'x%.0s' {1..63})" | sha256sum
  expect(await vectorIdOf("c", "x".repeat(63))).toBe(SHA256_OF_LONG_ID);
});

const SHA256_OF_LONG_ID = "4de4cb69662c18a3e3093e9f4ea0765db9f16a0ee738fde68c581185e5419aae";

test("is at most 64 bytes, and different for different passages or collections", async ({ expect }) => {
  const names = fc.constantFrom("a", "a.b", "b", "ab");
  const ids = fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(fc.tuple(names, ids), fc.tuple(names, ids), async (one, other) => {
      const [first, second] = [await vectorIdOf(...one), await vectorIdOf(...other)];
      expect(bytes(first)).toBeLessThanOrEqual(64);
      expect(first === second).toBe(one[0] === other[0] && one[1] === other[1]);
    }),
  );
});
