import { test } from "vitest";
import { tokenFeeds } from "../../../../training/trainer/token-feeds.ts";

test("pads on the right and masks the padding", ({ expect }) => {
  const feeds = new Map(tokenFeeds("queries", [[5, 6, 7], [8]], 9));
  expect(feeds.get("queries/input_ids")).toEqual({
    dataType: "int64",
    dims: [2, 3],
    data: BigInt64Array.of(5n, 6n, 7n, 8n, 9n, 9n),
  });
  expect(feeds.get("queries/attention_mask")?.data).toEqual(BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n));
  expect(feeds.get("queries/token_type_ids")?.data).toEqual(new BigInt64Array(6));
});
