import { AppError } from "../../src/shared/errors.ts";
import type { LossBatch } from "./loss-batch.ts";
import { ownPassages } from "./loss-batch.ts";

export interface FalseNegativeOptions {
  /** How far below the anchor a passage is masked already. Default 0. */
  readonly margin?: number;
  /** `absolute`: anchor - margin. `relative`: anchor · (1 - margin), for positive similarities. Default absolute. */
  readonly marginKind?: "absolute" | "relative";
}

export interface GuideEmbeddings {
  /** (queries, dims) row-major, of the frozen base encoder, in the order of the batch. */
  readonly queries: Float32Array;
  /** (passages, dims). */
  readonly passages: Float32Array;
}

export interface FalseNegatives {
  /** (queries, passages), 1: masked. What `LossBatch.falseNegatives` takes. */
  readonly mask: Uint8Array;
  /** Of the in-batch negatives; 0 when there are none. */
  readonly maskedShare: number;
}

/**
 * GISTEmbed's guided in-sample selection (Solatorio 2024) for passages of *other* queries: one that the base encoder finds
 * more similar to the query than its anchor, less the margin, probably answers the query too and is no negative for it. The
 * anchor is the largest base similarity of the query's own positives: with LM-preferred positives among them, the smallest
 * would mask most of the batch. Own passages are never masked, positive or not: those were chosen for this query. Similarity
 * is the cosine. A tie with the anchor is not masked at margin 0, unless `passageIds` says that it is a copy of an own
 * positive: those are masked always.
 */
export function falseNegatives(
  batch: LossBatch & { readonly passageIds?: readonly string[] },
  guide: GuideEmbeddings,
  { margin = 0, marginKind = "absolute" }: FalseNegativeOptions = {},
): FalseNegatives {
  const { passageQuery, passageIds } = batch;
  const passages = passageQuery.length;
  const owners = ownPassages(batch);
  const dims = guide.queries.length / owners.length;
  if (!Number.isInteger(dims) || guide.passages.length !== passages * dims) {
    const got = `${guide.queries.length} and ${guide.passages.length} numbers`;
    throw new AppError(
      "dims_mismatch",
      `base embeddings of ${owners.length} queries and ${passages} passages have ${got}`,
    );
  }
  const queryRows = unitLength(guide.queries, dims);
  const passageRows = unitLength(guide.passages, dims);
  const mask = new Uint8Array(owners.length * passages);
  let others = 0;
  let masked = 0;
  for (const [query, { positives }] of owners.entries()) {
    const similarity = (passage: number): number => dot(queryRows, passageRows, { dims, query, passage });
    const anchor = Math.max(...positives.map(similarity));
    const threshold = marginKind === "absolute" ? anchor - margin : anchor * (1 - margin);
    const ownIds = new Set(positives.map((passage) => passageIds?.[passage]));
    for (let passage = 0; passage < passages; passage += 1) {
      if (passageQuery[passage] !== query) {
        others += 1;
        const isCopy = passageIds !== undefined && ownIds.has(passageIds[passage]);
        if (isCopy || similarity(passage) > threshold) {
          mask[query * passages + passage] = 1;
          masked += 1;
        }
      }
    }
  }
  return { mask, maskedShare: others === 0 ? 0 : masked / others };
}

function unitLength(rows: Float32Array, dims: number): Float32Array {
  const unit = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += dims) {
    let squares = 0;
    for (let index = start; index < start + dims; index += 1) {
      squares += (rows[index] ?? 0) ** 2;
    }
    const factor = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let index = start; index < start + dims; index += 1) {
      unit[index] = (rows[index] ?? 0) * factor;
    }
  }
  return unit;
}

interface DotPosition {
  readonly dims: number;
  readonly query: number;
  readonly passage: number;
}

function dot(queries: Float32Array, passages: Float32Array, { dims, query, passage }: DotPosition): number {
  let sum = 0;
  const offset = (passage - query) * dims;
  for (let index = query * dims; index < (query + 1) * dims; index += 1) {
    sum += (queries[index] ?? 0) * (passages[index + offset] ?? 0);
  }
  return sum;
}
