import { describe, it } from "vitest";
import { inCorpusSplit } from "../../../../training/mining/in-corpus-split.ts";
import type { InCorpusPart } from "../../../../training/mining/in-corpus-split.ts";

describe("inCorpusSplit", () => {
  const parts = Array.from({ length: 4000 }, (_, index) => {
    const passageId = `p${index % 800}`; // five questions a passage
    return { passageId, part: inCorpusSplit({ queryId: `q${index}`, passageId }) };
  });
  const passagesOf = (...wanted: readonly InCorpusPart[]): Set<string> =>
    new Set(parts.filter(({ part }) => wanted.includes(part)).map(({ passageId }) => passageId));

  it("keeps the passages of unseen parts out of all others", ({ expect }) => {
    const seen = passagesOf("train", "dev-seen", "test-seen");
    const dev = passagesOf("dev-unseen");
    const test = passagesOf("test-unseen");
    expect([seen.size, dev.size, test.size].every((size) => size > 50)).toBe(true);
    expect(seen.isDisjointFrom(dev)).toBe(true);
    expect(seen.isDisjointFrom(test)).toBe(true);
    expect(dev.isDisjointFrom(test)).toBe(true);
  });

  it("asks new questions about seen passages", ({ expect }) => {
    expect(passagesOf("test-seen").intersection(passagesOf("train")).size).toBeGreaterThan(200);
  });

  it("gives the parts their shares", ({ expect }) => {
    const share = (part: InCorpusPart): number => parts.filter((entry) => entry.part === part).length / parts.length;
    expect(share("train")).toBeCloseTo(0.65 * 0.7, 1);
    expect(share("test-unseen")).toBeCloseTo(0.25, 1);
    expect(share("dev-unseen")).toBeCloseTo(0.1, 1);
  });
});
