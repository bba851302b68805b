import type { PassageText } from "./encoder.ts";

/**
 * The one string an encoder reads for a passage: "title. text", or the text alone when there is no title.
 * Both programs embed passages through this function; changing it changes every vector.
 */
export function joinTitleAndText({ title, text }: PassageText): string {
  return title === "" ? text : `${title}. ${text}`;
}
