import { toSingleLine } from "../shared/sanitize.ts";
import { cutToTokens } from "./cut-to-tokens.ts";
import { PASSAGE_LIMITS } from "./passage-limits.ts";

export interface FittedTitle {
  readonly title: string;
  readonly tokens: number;
}

const SEPARATOR = " > ";

/**
 * A passage's title: the document's and the headings above it, `Handbook > Keys > Rotation`. When that is too long the
 * middle goes first (the document and the nearest heading say most), then the end of what is left.
 */
export function fitTitle(
  path: readonly string[],
  { maxTokens, countTokens }: { readonly maxTokens: number; readonly countTokens: (text: string) => number },
): FittedTitle {
  const names = path.map(toSingleLine).filter((name, index, all) => name !== "" && name !== all[index - 1]);
  const fits = (title: string): boolean => title.length <= PASSAGE_LIMITS.title && countTokens(title) <= maxTokens;
  for (let dropped = 0; dropped < Math.max(1, names.length - 1); dropped += 1) {
    const title = [...names.slice(0, 1), ...names.slice(1 + dropped)].join(SEPARATOR);
    if (fits(title)) {
      return { title, tokens: countTokens(title) };
    }
  }
  const nearest = (names.at(-1) ?? "").slice(0, PASSAGE_LIMITS.title);
  const [start] = cutToTokens(nearest, { maxTokens, countTokens });
  return start === undefined
    ? { title: "", tokens: 0 }
    : { title: nearest.slice(start.start, start.end), tokens: start.tokens };
}
