import type { ChatMessage } from "./target-lm.ts";

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
