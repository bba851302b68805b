/**
 * Characters that a reader does not see but a model does: zero-width and bidirectional controls, tag characters,
 * variation selectors, fillers (all "default ignorable"), halves of surrogate pairs, and control characters.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cs}\u{FFF9}-\u{FFFB}]|(?![\t\n])\p{Cc}/gu;
const LINE_BREAKS = /\r\n?|[\u{85}\u{2028}\u{2029}\v\f]/gu;

/** Takes out what cannot be seen; line breaks of every kind become `\n`. */
export function stripInvisible(text: string): string {
  return text.replaceAll(LINE_BREAKS, "\n").replaceAll(INVISIBLE, "");
}

/** One line: for titles and URLs, which must not open a new one. */
export function toSingleLine(text: string): string {
  return stripInvisible(text).replaceAll(/\s+/gu, " ").trim();
}

/** Names that chat templates, agents and our own fence put between angle or square brackets. */
const TAG_NAMES =
  "s|bos|eos|pad|unk|system|user|assistant|human|tool|tool_calls?|tool_response|tool_results?|available_tools|" +
  "function_calls?|function_results?|invoke|think|thinking|instructions?|documents?|context|" +
  "start_of_turn|end_of_turn|start_of_image|inst|sys|system_prompt|img|args|model_settings";
/** The bracket that opens such a tag, closed or not. Bounded repetitions: a passage must not make matching slow. */
const ANGLE_TAG = new RegExp(`<(?=<?\\s{0,8}/?\\s{0,8}(?:passage|(?:${TAG_NAMES})(?![\\w-])))`, "giu");
const SQUARE_TAG = new RegExp(`\\[(/?(?:${TAG_NAMES}))\\]`, "giu");
/** `<|im_start|>`, `<|eot_id|>`, and DeepSeek's with full-width bars. */
const SPECIAL_TOKEN = /<(?=[|｜])|(?<=[|｜])>/gu;
/** `System:` or `### Assistant:` where a line begins. */
const ROLE_LINE =
  /^([ \t>*#-]*)(system|assistant|user|human|developer|tool|ai|instructions?|input|response)([ \t]{0,8}\*{0,2}[ \t]{0,8}[:：])/gimu;
const FENCE_LINE = /^([ \t]*)(={3,}|-{3,}|#{3,}|`{3,}|~{3,})/gmu;
const CITATION_MARK = /\[(\s*\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*\s*)\]/gu;

/**
 * Changes as little of a passage as makes it unable to pass for anything but data: special tokens and role tags lose
 * the bracket that makes them one, role names at the start of a line are quoted, lines that look like a fence are indented by a bar, and
 * `[3]`, a mark of the passage's own document, becomes `(3)` lest it be taken for one of ours.
 */
export function neutralize(text: string): string {
  return neutralizeMarks(stripInvisible(text))
    .replaceAll(SPECIAL_TOKEN, (bracket) => (bracket === "<" ? "‹" : "›"))
    .replaceAll(ANGLE_TAG, "‹")
    .replaceAll(SQUARE_TAG, "($1)")
    .replaceAll(ROLE_LINE, '$1"$2"$3')
    .replaceAll(FENCE_LINE, "$1| $2");
}

/** `[3]` -> `(3)`. */
export function neutralizeMarks(text: string): string {
  return text.replaceAll(CITATION_MARK, "($1)");
}
