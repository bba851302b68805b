import type { RetrievedPassage } from "../../src/retrieval/types.ts";
import { passageOf } from "./passages.ts";

/** Passages `p1`, `p2`, ... in this order, as retrieval returns them. */
export function retrievedPassages(
  passages: readonly { readonly title?: string; readonly text?: string; readonly url?: string }[],
): RetrievedPassage[] {
  return passages.map((passage, index) => ({
    passage: passageOf({ id: `p${index + 1}`, ...passage }),
    score: 1 / (index + 1),
    rank: index + 1,
  }));
}
