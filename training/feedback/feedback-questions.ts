import { sha256Hex } from "../artifacts/meta.ts";
import { normalizeAnswer } from "../eval/normalize-answer.ts";

/** What one client said of one query's passages and answer; see the Worker's `POST /v1/feedback`. */
export interface FeedbackEntry {
  readonly query: string;
  readonly passages: readonly {
    readonly id: string;
    readonly grade?: number | undefined;
    readonly cited?: boolean | undefined;
  }[];
  readonly answer: { readonly rating?: "up" | "down" | undefined; readonly text?: string | undefined };
}

/** A question of a query log with what readers' feedback says about it. */
export interface FeedbackQuestion {
  readonly id: string;
  readonly text: string;
  /** Answers that readers approved; empty when there are none. */
  readonly answers: readonly string[];
  /** Grade by passage id: the mean of what was said, rounded; 0: judged, not relevant. */
  readonly grades: ReadonlyMap<string, number>;
}

/** What an approved answer's citation counts for, where nobody graded the passage. */
const CITED_GRADE = 1;

/**
 * One question for all feedback on the same words (SQuAD's normalisation), in the order of their first appearance. A passage counts by
 * its grades; without any, as relevant when an answer that was approved cited it. A rejected answer says nothing about
 * passages: it may have failed in spite of them.
 */
export function feedbackQuestions(entries: Iterable<FeedbackEntry>): FeedbackQuestion[] {
  const groups = new Map<string, FeedbackEntry[]>();
  for (const entry of entries) {
    const words = normalizeAnswer(entry.query) || entry.query;
    groups.set(words, [...(groups.get(words) ?? []), entry]);
  }
  return [...groups].map(([words, group]) => ({
    id: `feedback-${sha256Hex(words).slice(0, 16)}`,
    text: group[0]?.query ?? "",
    answers: [...new Set(group.flatMap(({ answer }) => (answer.rating === "up" && answer.text ? [answer.text] : [])))],
    grades: gradesOf(group),
  }));
}

function gradesOf(group: readonly FeedbackEntry[]): ReadonlyMap<string, number> {
  const said = new Map<string, number[]>();
  const cited = new Set<string>();
  for (const { passages, answer } of group) {
    for (const { id, grade, cited: isCited = false } of passages) {
      if (grade !== undefined) {
        said.set(id, [...(said.get(id) ?? []), grade]);
      } else if (isCited && answer.rating === "up") {
        cited.add(id);
      }
    }
  }
  const graded = [...said].map(
    ([id, grades]) => [id, Math.round(grades.reduce((sum, grade) => sum + grade, 0) / grades.length)] as const,
  );
  return new Map([...[...cited].map((id) => [id, CITED_GRADE] as const), ...graded]);
}
