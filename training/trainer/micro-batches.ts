import type { TokenRows } from "./token-feeds.ts";

/**
 * Splits texts, by index, so that no part has more than `maxTokens` tokens with its padding; a longer text is a part alone.
 * Longest first: parts carry little padding, and the largest comes first, so memory does not grow later.
 */
export function microBatches(texts: TokenRows, maxTokens: number): number[][] {
  const lengthOf = (index: number): number => texts[index]?.length ?? 0;
  const parts: number[][] = [];
  for (const index of [...texts.keys()].toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    const part = parts.at(-1);
    const longest = lengthOf(part?.[0] ?? index);
    if (part === undefined || (part.length + 1) * longest > maxTokens) {
      parts.push([index]);
    } else {
      part.push(index);
    }
  }
  return parts;
}
