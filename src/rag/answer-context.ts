import type { AnswerCacheSettings } from "../caching/cache-settings.ts";
import { textOfContent } from "../generation/message-text.ts";
import type { JsonValue } from "../shared/json.ts";
import type { AnswerRequest } from "./answer-query.ts";

/** Parameters that say who asks, that have an effect elsewhere, or whose answers are not text. */
const NOT_CACHED: ReadonlySet<string> = new Set([
  "user",
  "safety_identifier",
  "store",
  "metadata",
  "tools",
  "functions",
  "audio",
  "modalities",
  "web_search_options",
]);

/** Parameters that change how an answer is sent, not what it says. */
const NOT_SAID: ReadonlySet<string> = new Set(["stream_options"]);

export interface AnswerContextOptions {
  readonly settings: Pick<AnswerCacheSettings, "temperature">;
  readonly scope: string;
  readonly targetLms: string;
}

/** What an answer depends on. */
export interface AnswerContext {
  /** All but the last question. */
  readonly surroundings: readonly unknown[];
  readonly question: string;
}

/** Undefined: this request is not to be answered with what was said before. */
export function answerContext(
  { targets, messages, parameters, retrieval }: AnswerRequest,
  { settings, scope, targetLms }: AnswerContextOptions,
): AnswerContext | undefined {
  const last = messages.at(-1);
  const isRandom = settings.temperature === "zero" && parameters["temperature"] !== 0;
  if (
    isRandom ||
    last?.role !== "user" ||
    isMany(parameters["n"]) ||
    Object.entries(parameters).some(([name, value]) => NOT_CACHED.has(name) && value !== null) ||
    !messages.every(({ content }) => isText(content))
  ) {
    return undefined;
  }
  const said = Object.entries(parameters).filter(([name]) => !NOT_SAID.has(name));
  return {
    surroundings: [
      scope,
      targetLms,
      targets[0].name,
      messages.slice(0, -1),
      { ...last, content: null },
      Object.fromEntries(said),
      retrieval === false ? null : { ...retrieval, requestId: null },
    ],
    question: textOfContent(last.content),
  };
}

function isMany(n: JsonValue | undefined): boolean {
  return typeof n === "number" && n > 1;
}

/** Pictures and files are not compared. */
function isText(content: AnswerRequest["messages"][number]["content"]): boolean {
  return content === null || typeof content === "string" || content.every(({ type }) => type === "text");
}
