import * as fc from "fast-check";
import { describe, it } from "vitest";
import { findClaim, segmentAnswer } from "../../../src/assets/playground/segments.js";

describe("segmentAnswer", () => {
  it("cuts at the spans and tells what each citation stands behind", ({ expect }) => {
    const text = "Ouagadougou. [2]\nIt has 18 million people. [1][3] More.";
    expect(
      segmentAnswer(text, [
        { start: 13, end: 16, passage: 2 },
        { start: 43, end: 46, passage: 1 },
        { start: 46, end: 49, passage: 3 },
      ]),
    ).toEqual([
      { kind: "text", text: "Ouagadougou. " },
      { kind: "citation", text: "[2]", passage: 2, claim: "Ouagadougou." },
      { kind: "text", text: "\nIt has 18 million people. " },
      { kind: "citation", text: "[1]", passage: 1, claim: "It has 18 million people." },
      { kind: "citation", text: "[3]", passage: 3, claim: "It has 18 million people." },
      { kind: "text", text: " More." },
    ]);
  });

  it("leaves out spans that overlap, are empty or point behind the text", ({ expect }) => {
    const spans = [
      { start: 0, end: 3, passage: 1 },
      { start: 2, end: 4, passage: 2 },
      { start: 4, end: 4, passage: 3 },
      { start: 3, end: 99, passage: 4 },
    ];
    expect(segmentAnswer("[1] x", spans).map(({ text }) => text)).toEqual(["[1]", " x"]);
  });

  it("keeps every character of the answer, whatever the spans", ({ expect }) => {
    const span = fc.record({
      start: fc.integer({ min: -5, max: 60 }),
      end: fc.integer({ min: -5, max: 60 }),
      passage: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), fc.array(span), (text, spans) => {
        expect(
          segmentAnswer(text, spans)
            .map((segment) => segment.text)
            .join(""),
        ).toBe(text);
      }),
    );
  });
});

describe("findClaim", () => {
  it("finds the words although white space differs", ({ expect }) => {
    const passage = "Area: 5.\nCapital of Burkina\nFaso: Ouagadougou.";
    const found = findClaim(passage, "Capital of Burkina Faso: Ouagadougou.");
    expect(passage.slice(found?.start, found?.end)).toBe("Capital of Burkina\nFaso: Ouagadougou.");
  });

  it("finds a claim whose subject was put before it", ({ expect }) => {
    const passage = "Exports: 5. Crude oil proved reserves: 5.497 billion bbl.";
    const found = findClaim(passage, "Norway: Crude oil proved reserves: 5.497 billion bbl.");
    expect(passage.slice(found?.start, found?.end)).toBe("Crude oil proved reserves: 5.497 billion bbl.");
  });

  it("takes signs literally", ({ expect }) => {
    expect(findClaim("abc (x.y*) [2] d", "(x.y*) [2] d")).toEqual({ start: 4, end: 16 });
    expect(findClaim("a bxyyc d", "a b.y*c d")).toBeUndefined();
  });

  it("does not look for a word or two, or for what the passage does not say", ({ expect }) => {
    expect(findClaim("the end of the story", "the end")).toBeUndefined();
    expect(findClaim("the end of the story", "the end of a story")).toBeUndefined();
  });
});
