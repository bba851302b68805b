import { VECTORIZE_LIMITS } from "./limits.ts";
import { isRecord } from "./metadata.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

/** Checks `{count = 100, cursor}` of `listVectors`; `after` is the last id of the page before, or "". */
export function parseListOptions(options: unknown = {}): { count: number; after: string } {
  const { count = VECTORIZE_LIMITS.defaultListCount, cursor = null } = isRecord(options) ? options : {};
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > VECTORIZE_LIMITS.listCount) {
    throw vectorizeProblem(
      "invalidList",
      `count must be an integer from 1 to ${VECTORIZE_LIMITS.listCount}, got ${JSON.stringify(count)}`,
    );
  }
  if (cursor !== null && typeof cursor !== "string") {
    throw vectorizeProblem("invalidList", "cursor must be a string");
  }
  return { count, after: cursor ?? "" };
}
