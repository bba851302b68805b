/** First words that say what kind of answer is asked for; "what" includes "which". */
const TYPES: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["who", /\b(?:who|whose|whom)\b/u],
  ["when", /\b(?:when|what (?:year|date|day|time|month))\b/u],
  ["where", /\b(?:where|what (?:city|country|state|place))\b/u],
  ["how many", /\bhow (?:many|much|long|old|far|big|tall|often)\b/u],
  ["how", /\bhow\b/u],
  ["why", /\bwhy\b/u],
  ["what, which", /\b(?:what|which)\b/u],
  ["yes or no", /^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b/u],
];

/** The kind of a question by its first question word; "other" for English without one and for other languages. */
export function questionType(text: string): string {
  const lower = text.toLowerCase().trim();
  const found = TYPES.map(([type, pattern], order) => ({ type, order, position: lower.search(pattern) }))
    .filter(({ position }) => position !== -1)
    .toSorted((a, b) => a.position - b.position || a.order - b.order);
  return found[0]?.type ?? "other";
}
