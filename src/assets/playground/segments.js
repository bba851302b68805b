/**
 * @typedef {{ start: number, end: number, passage: number }} CitationSpan  UTF-16 indices into the answer, end exclusive
 * @typedef {{ kind: "text", text: string } | { kind: "citation", text: string, passage: number, claim: string }} Segment
 */

/**
 * Cuts an answer into text and citations, in reading order. Spans that overlap an earlier one, are empty, or end behind
 * the text so far are left as text. `claim` is what the citation stands behind: the text before it, back to the citation
 * before or the start of the line.
 * @param {string} text
 * @param {readonly CitationSpan[]} spans
 * @returns {Segment[]}
 */
export function segmentAnswer(text, spans) {
  /** @type {Segment[]} */
  const segments = [];
  let position = 0;
  let claim = "";
  for (const { start, end, passage } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start < position || end <= start || end > text.length) {
      continue;
    }
    const before = text.slice(position, start);
    if (before !== "") {
      segments.push({ kind: "text", text: before });
    }
    // "... km.[1][2]": both stand behind the same words.
    claim = before.trim() === "" ? claim : lastLine(before);
    segments.push({ kind: "citation", text: text.slice(start, end), passage, claim });
    position = end;
  }
  if (position < text.length) {
    segments.push({ kind: "text", text: text.slice(position) });
  }
  return segments;
}

/**
 * @param {string} text
 * @returns {string}
 */
function lastLine(text) {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}

/**
 * Where a passage says a claim word for word: UTF-16 indices, or undefined. White space may differ. A subject put before
 * the claim ("Norway: ...") may be missing from the passage.
 * @param {string} passage
 * @param {string} claim
 * @returns {{ start: number, end: number } | undefined}
 */
export function findClaim(passage, claim) {
  return findWords(passage, claim) ?? findWords(passage, /^[^:]{1,80}: (.*)$/su.exec(claim)?.[1] ?? "");
}

/**
 * Fewer than three words are not searched: they would be found anywhere.
 * @param {string} passage
 * @param {string} claim
 * @returns {{ start: number, end: number } | undefined}
 */
function findWords(passage, claim) {
  const words = claim.replace(/^[-*•\s]+/u, "").split(/\s+/u).filter((word) => word !== "");
  if (words.length < 3) {
    return undefined;
  }
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)).join(String.raw`\s+`);
  const match = new RegExp(pattern, "u").exec(passage);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
}
