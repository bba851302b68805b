import { describe, it } from "vitest";
import { estimateTokens } from "../../../../scripts/demo-corpus/pack-passages.ts";
import { parseProfile, readProfiles } from "../../../../scripts/demo-corpus/profiles.ts";
import { toPassages } from "../../../../scripts/demo-corpus/to-passages.ts";

const profiles = readProfiles();
const passages = toPassages(profiles);
const textOf = (id: string): string => passages.find(({ _id }) => _id === id)?.text ?? "";

describe("the demo corpus", () => {
  it("covers every profile", ({ expect }) => {
    expect(new Set(passages.map(({ document_id: id }) => id)).size).toBe(profiles.length);
    expect(profiles.length).toBe(261);
  });

  it("has unique ids that fit a vector id with the collection's name", ({ expect }) => {
    expect(new Set(passages.map(({ _id }) => _id)).size).toBe(passages.length);
    expect(passages.filter(({ _id }) => !/^[a-z\d-]+$/u.test(_id) || `factbook/${_id}`.length > 64)).toEqual([]);
  });

  it("tells what the issue's two questions ask", ({ expect }) => {
    expect(textOf("ca-location-2")).toContain("Canada has the longest coastline in the world: 202,080 km.");
    expect(textOf("uv-capital")).toContain("Capital of Burkina Faso: Ouagadougou.\n");
    expect(textOf("uv-population-and-cities")).toContain("Population of Burkina Faso: 18,931,686 (July 2015 est.).\n");
  });

  it("holds nothing of the source's markup", ({ expect }) => {
    const bad = passages.filter(({ title, text }) =>
      /\+\+|\uFFFD| {2}|<\/?[a-z]+>|&[a-z]+;|\s$|:\s*\n|[‘’“”]/u.test(`${title}\n${text}`),
    );
    expect(bad.map(({ _id }) => _id)).toEqual([]);
  });

  it("ends every line as a sentence", ({ expect }) => {
    const open = passages.flatMap(({ _id, text }) =>
      text
        .split("\n")
        .filter((line) => !/[.!?]["')]*$/u.test(line))
        .map((line) => [_id, line]),
    );
    expect(open).toEqual([]);
  });

  it("keeps passages within what an encoder reads, and rarely tiny", ({ expect }) => {
    const sizes = passages.map(({ text }) => estimateTokens(text));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(250);
    expect(sizes.filter((size) => size < 30).length / sizes.length).toBeLessThan(0.03);
  });

  it("says where each passage comes from", ({ expect }) => {
    const { title, url, metadata, document_id: documentId } = passages.find(({ _id }) => _id === "uv-capital") ?? {};
    expect({ title, metadata, documentId }).toEqual({
      title: "Burkina Faso: Capital, government type and administrative divisions",
      metadata: { country: "Burkina Faso", region: "Africa", section: "Government" },
      documentId: "burkina-faso",
    });
    expect(url).toMatch(/^https:\/\/.*\/geos\/uv\.html#Govt$/u);
  });

  it("loses no field that is not left out on purpose", ({ expect }) => {
    const profile = parseProfile({
      code: "zz",
      region: "Europe",
      content: {
        Government: { "Country name": { "conventional short form": { text: "Testland" } } },
        Energy: { "Electricity - production": { text: "1 kWh" }, "Fusion - production": { text: "2 kWh" } },
        Sports: { Football: { text: "popular" } },
      },
    });
    const text = toPassages([profile])
      .map((passage) => passage.text)
      .join("\n");
    expect(text).toContain("Fusion production: 2 kWh.");
    expect(text).toContain("Football: popular.");
  });

  it("is the same every time", ({ expect }) => {
    expect(toPassages(profiles)).toEqual(passages);
  });
});
