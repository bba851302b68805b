import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { AnswerCiter } from "../../../src/rag/cite-answer.ts";
import { type AnswerPiece, MarklessText } from "../../../src/rag/markless-text.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const PASSAGES = retrievedPassages(Array.from({ length: 9 }, (_passage, index) => ({ title: `T${index + 1}` })));

/** What clients see of a text that arrives in these pieces. */
function piecesOf(chunks: readonly string[]): readonly AnswerPiece[] {
  const citer = new AnswerCiter(PASSAGES);
  const markless = new MarklessText();
  const read = (event: AnswerEvent): readonly AnswerPiece[] =>
    event.type === "text-delta"
      ? markless.push(event.text)
      : event.type === "citation"
        ? markless.cite(event.citation)
        : [];
  return [
    ...chunks.flatMap((text) => [...citer.read({ type: "text-delta", choice: 0, text })].flatMap(read)),
    ...[...citer.end()].flatMap(read),
    ...markless.end(),
  ];
}

/** The text, with `{n}` where a passage is cited. */
function rendered(pieces: readonly AnswerPiece[]): string {
  return pieces.map((piece) => (piece.type === "text" ? piece.text : `{${piece.citation.passageNumber}}`)).join("");
}

describe("MarklessText", () => {
  it.for<[string, string]>([
    ["The coast [1]. Long.", "The coast{1}. Long."],
    ["The coast [1] is long", "The coast{1} is long"],
    ["The coast [1][2], long [3]", "The coast{1}{2}, long{3}"],
    ["The coast [1] [2] x", "The coast{1}{2} x"],
    ["The coast [1, 2-4].", "The coast{1}{2}{3}{4}."],
    ["coast[1]", "coast{1}"],
    ["[1] first", "{1} first"],
    ["line \n[1] second", "line \n{1} second"],
    ["no such passage [12] here", "no such passage [12] here"],
    ["a link [1](https://example.test) here", "a link [1](https://example.test) here"],
    ["code `a[1]` and [2]", "code `a[1]` and{2}"],
    ["escaped \\[1] here", "escaped \\[1] here"],
    ["open [1", "open [1"],
    ["blanks at the end  ", "blanks at the end  "],
    ["a list [ 1,2 , x] here [1]", "a list [ 1,2 , x] here{1}"],
    ["", ""],
  ])("%j becomes %j", ([text, expected], { expect }) => {
    expect(rendered(piecesOf([text]))).toBe(expected);
    expect(rendered(piecesOf(text.split("")))).toBe(expected);
  });

  it("holds back nothing but brackets that may become a mark", ({ expect }) => {
    expect(
      piecesOf(["Canada has the longest", " coast [of all] in"]).map((piece) => piece.type === "text" && piece.text),
    ).toEqual(["Canada has the longest", " coast [of all] in"]);
  });

  const words = fc.constantFrom(
    "coast",
    " ",
    "  ",
    "\t",
    "[1]",
    "[2",
    "]",
    "[",
    "1",
    ", ",
    "-",
    "(",
    ")",
    ":",
    "\n",
    ".",
    "🍁",
    "[99]",
    "\\",
  );

  it("is the same however the text is cut", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), fc.array(fc.nat(40)), (said, cuts) => {
        const text = said.join("");
        expect(rendered(piecesOf(cutAt(text, cuts)))).toBe(rendered(piecesOf([text])));
      }),
      { numRuns: 2_000 },
    );
  });

  it("has every citation and no other text however it is cut, code that is never closed included", ({ expect }) => {
    const summary = (pieces: readonly AnswerPiece[]): unknown[] => [
      pieces.flatMap((piece) => (piece.type === "citation" ? [piece.citation] : [])),
      pieces.map((piece) => (piece.type === "text" ? piece.text.replaceAll(/[[\]\d ,;\t–-]/gu, "") : "")).join(""),
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.constantFrom("`", "``", "```\n", "\n\n")), { maxLength: 30 }),
        fc.array(fc.nat(40)),
        (said, cuts) => {
          const text = said.join("");
          expect(summary(piecesOf(cutAt(text, cuts)))).toEqual(summary(piecesOf([text])));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

function cutAt(text: string, cuts: readonly number[]): readonly string[] {
  const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
}
