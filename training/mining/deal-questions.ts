import { AppError } from "../../src/shared/errors.ts";
import type { Qrels } from "../artifacts/beir.ts";
import { hashSplit } from "../artifacts/hash-split.ts";
import { isTestSplit } from "./held-out.ts";
import { inCorpusSplit } from "./in-corpus-split.ts";

/** A question as far as dealing out concerns it. */
interface DealtQuestion {
  readonly id: string;
  readonly split: string | undefined;
}

export interface DealQuestionsOptions {
  readonly questions: readonly DealtQuestion[];
  readonly qrels: Qrels;
  /** Questions of this split are dealt out, the others keep theirs; undefined: all are. */
  readonly from?: string | undefined;
  /** `question`: by a hash of their ids; `passage`: see `inCorpusSplit`. */
  readonly by: "question" | "passage";
  /** With `question`. */
  readonly shares: Readonly<Record<string, number>>;
  readonly seed: number;
}

/**
 * The new split of each question. With `passage` a question without a relevant passage is left out: nothing says which side it is on.
 * @throws AppError `invalid_request` when questions of a test split would be dealt out although the set has another split:
 *   part of them would be trained on.
 */
export function dealQuestions(options: DealQuestionsOptions): ReadonlyMap<string, string> {
  const { questions, qrels, from, by, shares, seed } = options;
  const splits = [...new Set(questions.flatMap(({ split }) => split ?? []))].toSorted();
  const dealt = questions.filter(({ split }) => from === undefined || split === from);
  const test = dealt.find(({ split }) => split !== undefined && isTestSplit(split))?.split;
  const others = splits.filter((split) => !isTestSplit(split));
  if (test !== undefined && others.length > 0) {
    throw new AppError(
      "invalid_request",
      `questions of split "${test}" would be dealt out for training, but the set has others: ${others.join(", ")}; pass --from ${others[0] ?? ""}`,
    );
  }
  if (dealt.length === 0) {
    throw new AppError(
      "invalid_request",
      `no question of split "${from ?? ""}"; there are ${splits.join(", ") || "no splits"}`,
    );
  }
  const partOf = (id: string): string | undefined => {
    if (by === "question") {
      return hashSplit(id, { shares, seed });
    }
    const passageId = bestPassage(qrels.get(id));
    return passageId === undefined ? undefined : inCorpusSplit({ queryId: id, passageId });
  };
  const isDealt = new Set(dealt.map(({ id }) => id));
  return new Map(
    questions.flatMap(({ id, split }) => {
      const part = isDealt.has(id) ? partOf(id) : split;
      return part === undefined ? [] : [[id, part] as const];
    }),
  );
}

/** The first of the best grade. */
function bestPassage(grades: ReadonlyMap<string, number> = new Map()): string | undefined {
  const best = Math.max(...grades.values());
  return [...grades].find(([, grade]) => grade === best && grade > 0)?.[0];
}
