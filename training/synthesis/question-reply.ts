/** Why a reply is no question to keep. */
export type ReplyProblem = "empty" | "no-question" | "too-long" | "points-at-text";

/** Longer ones are paragraphs, not questions. */
const MAX_WORDS = 40;

/** What only makes sense with the passage at hand: nobody types it into a search box. */
const POINTS_AT_TEXT =
  /\b(?:(?:this|the|given|above|following)\s+(?:text|passage|paragraph|article|document|excerpt|sentence|author)|according to (?:it|this))\b/iu;

/**
 * The question in an LM's reply: the first sentence that ends with a question mark, without the numbering, quotes and labels
 * that models put around it; or why there is none worth keeping.
 */
export function questionOf(reply: string): { readonly question: string } | { readonly problem: ReplyProblem } {
  const text = reply.trim();
  if (text === "") {
    return { problem: "empty" };
  }
  const line = text.split(/\n+/u).find((candidate) => candidate.includes("?"));
  if (line === undefined) {
    return { problem: "no-question" };
  }
  const question = line
    .slice(0, line.indexOf("?") + 1)
    .replace(/^[\s*#>_-]*(?:\d+[.)]\s*)?(?:\**(?:question|q)\s*\d*\**\s*[:.)-]\**\s*)?["'“‘*]*/iu, "")
    .trim();
  if (!/[\p{L}\p{N}]/u.test(question)) {
    return { problem: "no-question" };
  }
  if (question.split(/\s+/u).length > MAX_WORDS) {
    return { problem: "too-long" };
  }
  return POINTS_AT_TEXT.test(question) ? { problem: "points-at-text" } : { question };
}
