import { describe, test } from "vitest";
import { citationUrl } from "../../../src/retrieval/citation-url.ts";

describe("citationUrl", () => {
  test.for<[url: string, expected: string]>([
    ["https://example.org/a", "https://example.org/a"],
    ["urn:isbn:1", "urn:isbn:1"],
    ["", "p1"],
    [" \n\u200B", "p1"],
  ])("of a passage at %j is %s", ([url, expected], { expect }) => {
    expect(citationUrl({ id: "p1", url })).toBe(expected);
  });
});
