import { textOfContent } from "../generation/message-text.ts";
import type { ChatMessage } from "../generation/target-lm.ts";
import { toSingleLine } from "../shared/sanitize.ts";

/** User messages that a query may be joined from: itself, and those before it back to one that stands alone. */
const MAX_JOINED_MESSAGES = 3;
/** Characters of an earlier message that give context; its beginning names the subject. */
const MAX_EARLIER_CHARACTERS = 500;

/** What a conversation asks for. */
export interface ConversationQuery {
  /** Text of the last user message; empty when it has none. */
  readonly question: string;
  /** The question, with the earlier ones it leans on before it; each is one line. */
  readonly query: string;
  readonly isJoined: boolean;
}

/** The query that a conversation's last user message stands for. */
export function conversationQuery(messages: readonly ChatMessage[]): ConversationQuery {
  const asked = messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => toSingleLine(textOfContent(content)))
    .filter((text) => text !== "");
  const lastUser = messages.findLast(({ role }) => role === "user");
  const question = lastUser === undefined ? "" : toSingleLine(textOfContent(lastUser.content));
  if (question === "") {
    return { question, query: "", isJoined: false };
  }
  const joined = [question];
  for (const earlier of asked.slice(0, -1).toReversed()) {
    if (joined.length === MAX_JOINED_MESSAGES || canStandAlone(joined[0] ?? "")) {
      break;
    }
    joined.unshift(earlier.slice(0, MAX_EARLIER_CHARACTERS));
  }
  return { question, query: joined.join("\n"), isJoined: joined.length > 1 };
}

/** Fewer words than this name no subject: "And Spain?", "Why?", "How many people?". */
const MIN_STANDALONE_WORDS = 4;
/** Openings that go on with what was said. */
const CONTINUATION =
  /^(?:(?:and|but|or|so|also|then|plus|what about|how about|what else|who else|where else|tell me more|und|aber|et|mais|y|pero)\b|(?:more|go on|why|why not|why so|why is that|how so|explain|explain (?:it|that|this|more))\W*$)/iu;
/** Words that point back. "that" points back unless it opens a clause ("countries that border France"). */
const POINTING =
  /\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|(?:the )?(?:same|former|latter|other ones?|others)|(?:which|that|the) ones?|there(?=\s*[?.!,]|\s*$)|(?<=^(?:is|was|does|did) )that|that(?=\s*[?.!,]|\s*$|\s+(?:is|was|are|were|has|had|do|does|did|mean|country|one)\b))(?![\w'’-])/iu;
/** "there is", "is there": names nothing. "it is true that", "does it rain": the weather and the like. */
const EXISTENTIAL =
  /\b(?:is|are|was|were) there\b|\bthere (?:is|are|was|were)\b|\bit(?:'s| is| was) (?:true|possible)\b/giu;
/** A name: a capital letter inside a sentence, a quotation, or a number with a sign of its own. */
const NAME = /(?<=[\p{L}\p{N},;:'’)]\s+(?:["“'])?)\p{Lu}[\p{L}\p{N}]+|["“][^"”]{2,}["”]/u;

/**
 * Whether a question can be searched without what came before it. A heuristic for English (others are judged by length
 * and a few openings), made to err towards joining, which costs precision where guessing wrong loses the subject:
 * 1. an opening that continues ("and ...", "what about ...", "why") cannot;
 * 2. fewer than four words cannot, unless one of them is a name ("capital of Peru"); scripts without spaces are not counted;
 * 3. a pronoun ("its population", "how many live there") cannot, unless a name before it, in the same question, is what
 *    it points to ("What is the capital of Burkina Faso and how many people live there?").
 */
export function canStandAlone(question: string): boolean {
  const text = question.replaceAll(EXISTENTIAL, " ").trim();
  if (CONTINUATION.test(text)) {
    return false;
  }
  const words = text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
  const hasSpaces =
    !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u.test(text);
  if (hasSpaces && words.length < MIN_STANDALONE_WORDS && !NAME.test(text)) {
    return false;
  }
  const pointing = POINTING.exec(text);
  return pointing === null || NAME.test(text.slice(0, pointing.index));
}
