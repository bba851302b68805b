import type { Encoder } from "../../../src/encoder/encoder.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { loadVectorSet } from "../../artifacts/vector-set.ts";
import type { Guide } from "../mask-false-negatives.ts";
import type { RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import type { PreparedExample } from "../training-data.ts";
import { packRows } from "../vector-rows.ts";
import { checkVectors, encodeQueries } from "./frozen-passages.ts";

export interface BaseGuideOptions extends RunContext {
  readonly encoder: Encoder;
  readonly examples: readonly PreparedExample[];
  readonly passageIds: readonly string[];
}

/**
 * The base's view of a run that re-encodes its passages, for `--mask-false-negatives`: questions are encoded (and cached),
 * passages come from `--vectors`.
 * @throws AppError `invalid_request` without these, `invalid_artifact` when they are of other passages,
 *   `fingerprint_mismatch` when they are of another encoder.
 */
export async function baseGuide(given: BaseGuideOptions): Promise<Guide> {
  const { options, encoder, examples, passageIds } = given;
  const folder = requireOption(options, "vectors");
  const vectors = await loadVectorSet(folder);
  checkVectors(vectors, encoder);
  const { ids, matrix, facts } = vectors;
  if (ids.length !== passageIds.length || ids.some((id, row) => id !== passageIds[row])) {
    throw new AppError(
      "invalid_artifact",
      `${folder} has ${ids.length} passages, the corpus has ${passageIds.length}, or others; encode this corpus`,
    );
  }
  const queries = await encodeQueries(
    examples.map(({ query }) => ({ text: query })),
    given,
  );
  const { dims } = facts;
  return { queries: packRows(queries, dims), passages: { matrix, dims }, margin: options.maskMargin };
}
