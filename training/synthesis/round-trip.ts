import type { Run } from "../artifacts/trec.ts";

/** A question written for a passage. */
export interface SyntheticQuestion {
  readonly id: string;
  readonly text: string;
  readonly passageId: string;
}

export interface RoundTrip {
  readonly kept: readonly SyntheticQuestion[];
  /** Questions by the rank of their own passage: 1, 2-3, 4-10, 11-100, and not found. */
  readonly ranks: Readonly<Record<"1" | "2-3" | "4-10" | "11-100" | "none", number>>;
}

/**
 * Keeps the questions whose own passage is among the first `keepRank` of the first stage: the others are vague, wrong or
 * answered better elsewhere (Alberti et al., ACL 2019, filter by the answer; this one needs no reader).
 */
export function roundTrip(questions: readonly SyntheticQuestion[], run: Run, keepRank: number): RoundTrip {
  const ranks = { "1": 0, "2-3": 0, "4-10": 0, "11-100": 0, none: 0 };
  const kept = questions.filter(({ id, passageId }) => {
    const index = (run.get(id) ?? []).findIndex((passage) => passage.id === passageId);
    const rank = index === -1 ? Infinity : index + 1;
    ranks[rangeOf(rank)]++;
    return rank <= keepRank;
  });
  return { kept, ranks };
}

function rangeOf(rank: number): keyof RoundTrip["ranks"] {
  if (rank <= 1) {
    return "1";
  }
  if (rank <= 3) {
    return "2-3";
  }
  if (rank <= 10) {
    return "4-10";
  }
  return rank <= 100 ? "11-100" : "none";
}
