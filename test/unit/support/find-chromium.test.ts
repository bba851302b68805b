import { describe, it } from "vitest";
import { findChromium } from "../../support/find-chromium.ts";

describe("findChromium", () => {
  it("believes CHROMIUM_PATH", ({ expect }) => {
    expect(findChromium({ CHROMIUM_PATH: "/opt/my-browser" })).toBe("/opt/my-browser");
  });

  it("takes an empty CHROMIUM_PATH for none", ({ expect }) => {
    expect(findChromium({ CHROMIUM_PATH: "" })).toBe(findChromium({}));
  });
});
