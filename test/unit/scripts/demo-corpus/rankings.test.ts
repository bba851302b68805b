import { describe, it } from "vitest";
import { parseProfile } from "../../../../scripts/demo-corpus/profiles.ts";
import { parseFigure, rankKey, rankProfiles } from "../../../../scripts/demo-corpus/rankings.ts";

function land(code: string, coastline: string, region = "Europe"): ReturnType<typeof parseProfile> {
  return parseProfile({
    code,
    region,
    content: {
      Government: { "Country name": { "conventional short form": { text: `Land ${code}` } } },
      Geography: { Coastline: { text: coastline } },
    },
  });
}

describe("parseFigure", () => {
  it.for([
    ["202,080 km", "202,080 km", 202_080],
    ["$17.5 trillion (2014 est.) ", "$17.5 trillion (2014 est.)", 17.5e12],
    ["25,148 km (includes mainland 2,650 km, as well as long fjords)", "25,148 km", 25_148],
    ["3.03% (2015 est.); 3% (2014 est.)", "3.03% (2015 est.)", 3.03],
    ["-0.3% (2014 est.)", "-0.3% (2014 est.)", -0.3],
  ] as const)("reads %s", ([text, figure, value], { expect }) => {
    expect(parseFigure(text)).toEqual({ figure, value });
  });

  it("reads nothing where no figure leads", ({ expect }) => {
    expect(["uninhabited", "", "NA"].map(parseFigure)).toEqual([undefined, undefined, undefined]);
  });
});

describe("rankProfiles", () => {
  const sentence = (ranks: ReturnType<typeof rankProfiles>, code: string): string | undefined =>
    ranks.get(rankKey(code, "Geography", "Coastline"));

  it("says who is first, second, and who shares a rank", ({ expect }) => {
    const ranks = rankProfiles([
      land("aa", "10 km"),
      land("bb", "30 km"),
      land("cc", "20 km"),
      land("dd", "20 km"),
      land("ff", "5 km"),
    ]);
    expect(sentence(ranks, "bb")).toBe("Land bb has the longest coastline in the world: 30 km.");
    expect(sentence(ranks, "cc")).toContain("second-longest");
    expect(sentence(ranks, "dd")).toContain("second-longest");
    expect(sentence(ranks, "aa")).toContain("fourth-longest");
  });

  it("ranks no oceans and nothing beyond the tenth", ({ expect }) => {
    const ranks = rankProfiles([
      land("oo", "999 km", "Oceans"),
      ...Array.from({ length: 11 }, (_, index) => land(`a${String.fromCodePoint(97 + index)}`, `${100 - index} km`)),
    ]);
    expect(sentence(ranks, "oo")).toBeUndefined();
    expect(sentence(ranks, "aj")).toContain("tenth-longest");
    expect(sentence(ranks, "ak")).toBeUndefined();
  });
});
