import type { JsonObject } from "../shared/json.ts";
import type { ChatMessage } from "./target-lm.ts";

/** Parts as one text where they are nothing else, because not every server takes parts. */
export function joinTexts(parts: readonly JsonObject[]): string | readonly JsonObject[] {
  const texts = parts.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : []));
  return texts.length === parts.length ? texts.join("\n\n") : parts;
}

/** The text of a message: its text parts, one a line; images and other parts have none. */
export function textOfContent(content: ChatMessage["content"]): string {
  if (content === null) {
    return "";
  }
  if (typeof content === "string") {
    return content;
  }
  return content.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : [])).join("\n");
}
