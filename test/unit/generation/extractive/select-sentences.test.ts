import { describe, test } from "vitest";
import { selectSentences, type EncodedCandidate } from "../../../../src/generation/extractive/select-sentences.ts";

/** A unit vector in the plane: similarity is the cosine of the angle between two. */
const at = (degrees: number): Float32Array =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

const candidate = (text: string, degrees: number, coverage: readonly number[]): EncodedCandidate => ({
  candidate: { text, coverage, passageNumber: 1, subject: "" },
  embedding: at(degrees),
});

const select = (candidates: readonly EncodedCandidate[], facets: readonly number[], maxSentences = 3): string[] =>
  selectSentences(candidates, { facetEmbeddings: facets.map(at), maxSentences }).map(({ text }) => text);

describe("selectSentences", () => {
  test("takes the most relevant, and leaves out what does not answer", ({ expect }) => {
    expect(select([candidate("far", 80, [0.1]), candidate("near", 10, [1])], [0])).toEqual(["near"]);
  });

  test("is empty when nothing is relevant enough", ({ expect }) => {
    expect(select([candidate("far", 75, [0.3])], [0])).toEqual([]);
    expect(select([], [0])).toEqual([]);
  });

  test("answers every facet, in their order", ({ expect }) => {
    const candidates = [candidate("second", 90, [0, 1]), candidate("first", 0, [1, 0])];
    expect(select(candidates, [0, 90])).toEqual(["first", "second"]);
  });

  test("quotes a sentence that answers two facets once", ({ expect }) => {
    expect(select([candidate("both", 45, [1, 1])], [0, 90])).toEqual(["both"]);
  });

  test("adds a further sentence that says something else, not one that repeats", ({ expect }) => {
    const candidates = [candidate("best", 20, [1]), candidate("repeats", 22, [1]), candidate("other side", -25, [1])];
    expect(select(candidates, [0])).toEqual(["best", "other side"]);
  });

  test("stops at the limit", ({ expect }) => {
    const candidates = [20, -25, 0].map((degrees) => candidate(String(degrees), degrees, [1]));
    expect(select(candidates, [0], 1)).toEqual(["0"]);
  });

  test("words in common break a tie of the encoder", ({ expect }) => {
    expect(select([candidate("without", 30, [0.2]), candidate("with", -30, [1])], [0], 1)).toEqual(["with"]);
  });
});
