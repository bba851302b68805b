import { test } from "vitest";
import { clampTopK } from "../../../src/retrieval/clamp-top-k.ts";

test.for([1, 99, 100])("%d passages are within the limit", (topK, { expect }) => {
  expect(clampTopK(topK)).toEqual({ topK, notices: [] });
});

test.for([101, 1e9])("%d passages are clamped, and it says so", (topK, { expect }) => {
  expect(clampTopK(topK)).toEqual({
    topK: 100,
    notices: [
      { code: "top_k_clamped", message: expect.stringContaining(`top_k ${topK} was clamped to 100`) as string },
    ],
  });
});
