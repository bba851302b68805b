import { AppError } from "../../src/shared/errors.ts";
import { answerMatch } from "./answer-match.ts";
import { averagePrecision } from "./average-precision.ts";
import type { Measure, MeasureFamily } from "./measure.ts";
import { ndcg } from "./ndcg.ts";
import { precision } from "./precision.ts";
import { recall } from "./recall.ts";
import { reciprocalRank } from "./reciprocal-rank.ts";
import { success } from "./success.ts";

/** Every family of measures; a new one is its own file and one line here. */
const MEASURE_FAMILIES: readonly MeasureFamily[] = [
  ndcg,
  reciprocalRank,
  recall,
  success,
  precision,
  averagePrecision,
  answerMatch,
];

/** What `evaluate` prints when nothing else is asked for. Answer match is dropped where no query has answers. */
export const DEFAULT_MEASURES: readonly string[] = [
  "nDCG@10",
  "MRR@10",
  "Recall@100",
  "Success@1",
  "Success@5",
  "Success@10",
  "AP",
  "P@10",
  "AnswerMatch@1",
  "AnswerMatch@5",
];

const MEASURE_PATTERN = /^(?<family>[A-Za-z_]+)(?:\(rel=(?<rel>\d+)\))?(?:@(?<cutoff>\d+))?$/u;

/**
 * Parses `nDCG@10`, `P(rel=2)@10`, `AP`.
 * @throws AppError `invalid_request` that lists what there is.
 */
export function parseMeasure(text: string): Measure {
  const groups = MEASURE_PATTERN.exec(text)?.groups;
  const family = MEASURE_FAMILIES.find(({ name, aliases }) => [name, ...aliases].includes(groups?.["family"] ?? ""));
  if (groups === undefined || family === undefined) {
    const known = MEASURE_FAMILIES.map(({ name, needsCutoff }) => (needsCutoff ? `${name}@k` : name)).join(", ");
    throw new AppError("invalid_request", `unknown measure "${text}"; there are ${known}, with (rel=n) before the @`);
  }
  const cutoff = groups["cutoff"] === undefined ? Infinity : Number(groups["cutoff"]);
  const rel = groups["rel"] === undefined ? 1 : Number(groups["rel"]);
  checkParameters({ text, family, cutoff, rel, isRelGiven: groups["rel"] !== undefined });
  const name = `${family.name}${rel === 1 ? "" : `(rel=${rel})`}${cutoff === Infinity ? "" : `@${cutoff}`}`;
  return { name, score: (query) => family.score(query, { cutoff, rel }) };
}

interface ParameterCheck {
  readonly text: string;
  readonly family: MeasureFamily;
  readonly cutoff: number;
  readonly rel: number;
  readonly isRelGiven: boolean;
}

function checkParameters({ text, family, cutoff, rel, isRelGiven }: ParameterCheck): void {
  if (family.needsCutoff && cutoff === Infinity) {
    throw new AppError("invalid_request", `measure "${text}" needs a cutoff: ${family.name}@10`);
  }
  if (cutoff === 0 || rel === 0) {
    throw new AppError("invalid_request", `measure "${text}": cutoff and rel start at 1`);
  }
  if (isRelGiven && !family.isBinary) {
    throw new AppError(
      "invalid_request",
      `measure "${text}": ${family.name} knows no relevance threshold, leave out (rel=${rel})`,
    );
  }
}
