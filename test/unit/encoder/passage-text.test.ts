import { test } from "vitest";
import { joinTitleAndText } from "../../../src/encoder/passage-text.ts";

test("title and text are joined by a space", ({ expect }) => {
  expect(joinTitleAndText({ title: "Norway: Coastline", text: "total: 25,148 km" })).toBe(
    "Norway: Coastline total: 25,148 km",
  );
});

test("a passage without a title is its text", ({ expect }) => {
  expect(joinTitleAndText({ title: "", text: "total: 25,148 km" })).toBe("total: 25,148 km");
});
