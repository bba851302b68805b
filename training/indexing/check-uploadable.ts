import { cleanPassage } from "../../src/ingestion/clean-passage.ts";
import { PASSAGE_LIMITS } from "../../src/ingestion/passage-limits.ts";
import { AppError, toAppError } from "../../src/shared/errors.ts";
import { serializeMetadata } from "../../src/vector-index/metadata.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";

/** Named in a message; the rest are counted. */
const NAMED_FAULTS = 5;

/**
 * Checks passages by the Worker's rules, all of them before the first is sent: the Worker would name a place in a request,
 * and only after it had taken the requests before.
 * @throws AppError `invalid_request` naming the first passages that it would refuse, and how many there are.
 */
export function checkUploadable(passages: readonly CorpusPassage[]): void {
  const faults = passages.flatMap((passage) => findFault(passage) ?? []);
  if (faults.length > 0) {
    const more = faults.length > NAMED_FAULTS ? [`… and ${faults.length - NAMED_FAULTS} more`] : [];
    throw new AppError(
      "invalid_request",
      `the Worker would refuse ${faults.length} of ${passages.length} passages, so none is sent:\n  ${[
        ...faults.slice(0, NAMED_FAULTS),
        ...more,
      ].join("\n  ")}`,
    );
  }
}

function findFault(passage: CorpusPassage): string | undefined {
  const where = `passage ${JSON.stringify(passage.id.slice(0, 80))}`;
  for (const field of ["id", "documentId", "title", "text", "url"] as const) {
    const { length } = passage[field];
    if (length > PASSAGE_LIMITS[field]) {
      return `${where}: its ${field} has ${length} characters, at most ${PASSAGE_LIMITS[field]} are taken`;
    }
  }
  try {
    cleanPassage(passage, where);
    serializeMetadata(passage.id, passage.metadata);
  } catch (error) {
    return toAppError(error).message;
  }
  return undefined;
}
