/** SQuAD 1.1's `normalize_answer`: lower case, ASCII punctuation and the articles a, an, the out, white space to one space. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[!-/:-@[-`{-~]/gu, "")
    .replaceAll(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, " ")
    .split(/\s+/u)
    .filter((word) => word !== "")
    .join(" ");
}
