import { assert, integer, nat, property } from "fast-check";
import { test } from "vitest";
import { rotatingWindow } from "../../../../training/trainer/rotating-window.ts";

const THIRTY = Array.from({ length: 30 }, (_, index) => index);

test("windows of 7 of 30 follow each other, as AAR's code cuts them", ({ expect }) => {
  const windowAt = (epoch: number): readonly number[] =>
    rotatingWindow(THIRTY, { key: ["negatives", 1, "q"], epoch, size: 7 });
  const order = [0, 1, 2, 3, 4].flatMap(windowAt);
  expect(order.slice(0, 30).toSorted((a, b) => a - b)).toEqual(THIRTY);
  expect(order.slice(0, 30)).not.toEqual(THIRTY);
  // Epoch 4 starts at 28: two of the end, then five of the beginning. Epoch 5 starts at 35 mod 30 = 5.
  expect(windowAt(4)).toEqual([...order.slice(28, 30), ...order.slice(0, 5)]);
  expect(windowAt(5)).toEqual(order.slice(5, 12));
  expect(windowAt(30)).toEqual(windowAt(0));
});

test("another key orders the list another way", ({ expect }) => {
  const of = (queryId: string): readonly number[] =>
    rotatingWindow(THIRTY, { key: ["negatives", 1, queryId], epoch: 0, size: 7 });
  expect(of("a")).not.toEqual(of("b"));
  expect(of("a")).toEqual(of("a"));
});

test("a window never holds a value twice and never more than there are", ({ expect }) => {
  assert(
    property(nat(40), integer({ min: 1, max: 12 }), nat(100), (count, size, epoch) => {
      const values = Array.from({ length: count }, (_, index) => index);
      const window = rotatingWindow(values, { key: [count], epoch, size });
      expect(window).toHaveLength(Math.min(count, size));
      expect(new Set(window).size).toBe(window.length);
    }),
  );
});
