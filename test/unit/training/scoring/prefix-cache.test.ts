import { describe, it } from "vitest";
import type { LmPast } from "../../../../training/scoring/onnx-lm-layouts.ts";
import { PrefixCache } from "../../../../training/scoring/prefix-cache.ts";

/** What an LM keeps of a token: 8 bytes. */
function past(length: number): LmPast {
  const data = new Float32Array(2 * length);
  return { length, caches: new Map([["past_key_values.0.key", { type: "float32", data, dims: [1, 1, length, 2] }]]) };
}

describe("PrefixCache", () => {
  it("drops what was not used for the longest time once it is full", ({ expect }) => {
    const cache = new PrefixCache(48);
    const [one, two, three] = [past(2), past(2), past(2)];
    cache.set([1], one);
    cache.set([2], two);
    cache.set([3], three);
    expect(cache.get([1])).toBe(one); // used: [2] is the oldest now
    cache.set([4], past(3));
    expect([[1], [2], [3], [4]].map((ids) => cache.get(ids)?.length)).toEqual([2, undefined, undefined, 3]);
  });

  it("keeps token sequences apart that read the same without their borders", ({ expect }) => {
    const cache = new PrefixCache(100);
    cache.set([1, 23], past(1));
    expect(cache.get([12, 3])).toBeUndefined();
  });

  it("counts what is set twice once", ({ expect }) => {
    const cache = new PrefixCache(32);
    cache.set([1], past(2));
    cache.set([2], past(2));
    cache.set([2], past(2));
    expect(cache.get([1])?.length).toBe(2);
  });

  it("does not keep what alone is too large", ({ expect }) => {
    const cache = new PrefixCache(15);
    cache.set([1], past(2));
    expect(cache.get([1])).toBeUndefined();
    cache.set([2], past(1));
    expect(cache.get([2])?.length).toBe(1);
  });
});
