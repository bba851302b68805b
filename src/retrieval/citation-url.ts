import { toSingleLine } from "../shared/sanitize.ts";
import type { Passage } from "./types.ts";

/** What citations of a passage name as their URL: its id when it has none, so that a client can tell sources apart. */
export function citationUrl({ url, id }: Pick<Passage, "url" | "id">): string {
  return toSingleLine(url) === "" ? id : url;
}
