import { bootstrapInterval } from "../eval/bootstrap-interval.ts";
import type { PerQueryScores } from "../eval/per-query-scores.ts";
import type { Difference } from "../plots/difference-plot.ts";
import { questionType } from "./question-type.ts";
import type { ReportQuestion } from "./report-data.ts";

/** Groups of fewer queries say nothing and are joined as "other". */
const SMALLEST_GROUP = 8;
const POPULARITY_GROUPS = 4;

export interface GainByGroupOptions {
  readonly questions: readonly ReportQuestion[];
  readonly ours: PerQueryScores;
  readonly theirs: PerQueryScores;
  readonly measure: string;
  readonly seed: number;
}

/** Mean difference of one measure by kind of question, largest group first, and by quarter of popularity where known. */
export function gainByGroup(options: GainByGroupOptions): Difference[] {
  const { questions } = options;
  const byType = Map.groupBy(questions, ({ text }) => questionType(text));
  const small = [...byType].filter(([, asked]) => asked.length < SMALLEST_GROUP).map(([type]) => type);
  const byLargeType = Map.groupBy(questions, ({ text }) => {
    const type = questionType(text);
    return small.includes(type) ? "other" : type;
  });
  const types = [...byLargeType].toSorted(([, a], [, b]) => b.length - a.length);
  return [
    ...types.flatMap(([type, asked]) => difference(`${type} (${asked.length})`, "by question", { asked, ...options })),
    ...popularityGroups(questions).flatMap(({ name, asked }) =>
      difference(name, "by popularity", { asked, ...options }),
    ),
  ];
}

function popularityGroups(questions: readonly ReportQuestion[]): { name: string; asked: readonly ReportQuestion[] }[] {
  const known = questions
    .filter(({ popularity }) => popularity !== undefined)
    .toSorted((a, b) => (a.popularity ?? 0) - (b.popularity ?? 0));
  if (known.length < POPULARITY_GROUPS * SMALLEST_GROUP) {
    return [];
  }
  return Array.from({ length: POPULARITY_GROUPS }, (_, quarter) => {
    const asked = known.slice(
      Math.floor((quarter * known.length) / POPULARITY_GROUPS),
      Math.floor(((quarter + 1) * known.length) / POPULARITY_GROUPS),
    );
    const views = `${asked[0]?.popularity ?? 0} to ${asked.at(-1)?.popularity ?? 0} views`;
    return { name: views, asked };
  });
}

function difference(
  name: string,
  panel: string,
  { asked, ours, theirs, measure, seed }: GainByGroupOptions & { readonly asked: readonly ReportQuestion[] },
): Difference[] {
  const gains = asked.flatMap(({ id }) => {
    const [own, other] = [ours.get(id)?.[measure], theirs.get(id)?.[measure]];
    return own === undefined || other === undefined ? [] : [own - other];
  });
  if (gains.length === 0) {
    return [];
  }
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  return [{ name, panel, mean, ...bootstrapInterval(gains, { seed }) }];
}
