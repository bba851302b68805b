import { differencePlot } from "../../plots/difference-plot.ts";
import { renderSvg } from "../../plots/render-svg.ts";
import { scoreScatter } from "../../plots/score-scatter.ts";
import { gainByGroup } from "../gain-by-group.ts";
import { html, raw } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { ReportData, ReportRow, ReportSet } from "../report-data.ts";
import type { RetrievalStatistics } from "../retrieval-statistics.ts";
import { rowStatistics } from "../row-statistics.ts";
import type { RowStatistics } from "../row-statistics.ts";
import { examples } from "./examples.ts";
import { scoreTable } from "./scores.ts";

/** Panels of the difference plot: more would not fit a page. */
const MAX_PANELS = 4;

/** Everything about one set of questions; the statistics are of its rows. */
export async function setSection(
  set: ReportSet,
  data: ReportData,
  { retrieval, hybrid }: RetrievalStatistics,
): Promise<SafeHtml> {
  const answered = set.rows.flatMap(({ name, answers }) => (answers === undefined ? [] : [{ name, scores: answers }]));
  const answers = rowStatistics({ rows: answered, base: set.base, measures: data.answerMeasures, seed: data.seed });
  const mainMeasure = data.measures[0] ?? "";
  const n = Math.max(0, ...retrieval.map((row) => row.n));
  return html`<h2 id="set-${set.name}">${set.name} <span class="muted">(${set.role}, ${n} questions)</span></h2>
    ${retrieval.length === 0 ? "" : scoreTable({ caption: "Retrieval: mean over questions, 95 % bootstrap interval below it.", statistics: retrieval, base: set.base, mainMeasure })}
    ${hybrid.length === 0 ? "" : scoreTable({ caption: "The same in hybrid search, the Worker's default: vectors joined with full text.", statistics: hybrid, base: set.base, mainMeasure })}
    ${answers.length === 0 ? "" : scoreTable({ caption: "Answers of the target LM.", statistics: answers, base: set.base, mainMeasure: data.answerMeasures[0] ?? "" })}
    <div class="plots">${await differenceFigure(retrieval)}${await differenceFigure(answers)}</div>
    ${await bestRowFigures(set, data, retrieval)}
    ${
      set.examples.length === 0
        ? ""
        : html`<h3>Examples</h3>
            ${examples(set.examples, set.base)}`
    }`;
}

async function differenceFigure(statistics: readonly RowStatistics[]): Promise<SafeHtml> {
  const panels = [...new Set(statistics.map(({ measure }) => measure))].slice(0, MAX_PANELS);
  const differences = statistics.flatMap(({ name, measure, comparison }) =>
    comparison === undefined || !panels.includes(measure)
      ? []
      : [{ name, panel: measure, mean: comparison.meanDifference, ...comparison.interval }],
  );
  if (differences.length === 0) {
    return html``;
  }
  const svg = await renderSvg(differencePlot({ differences, title: "difference to base" }));
  return html`<figure>
    ${raw(svg)}
    <figcaption>
      Difference to the base with its 95 % interval, not corrected; coloured where it leaves out 0.
    </figcaption>
  </figure>`;
}

/** The row that gained most, looked at closely. Which one that is was decided by this very set: it flatters. */
async function bestRowFigures(
  set: ReportSet,
  data: ReportData,
  statistics: readonly RowStatistics[],
): Promise<SafeHtml> {
  const measure = data.measures[0] ?? "";
  const best = bestAdaptedRow(set, statistics, measure);
  const base = set.rows.find(({ name }) => name === set.base);
  if (best?.retrieval === undefined || base?.retrieval === undefined) {
    return html``;
  }
  const [ours, theirs] = [best.retrieval, base.retrieval];
  const points = [...ours].flatMap(([id, scores]) => {
    const [own, other] = [scores[measure], theirs.get(id)?.[measure]];
    return own === undefined || other === undefined ? [] : [{ ours: own, base: other }];
  });
  const scatter = await renderSvg(scoreScatter({ points, baseName: set.base, name: best.name, measure }));
  const gains = gainByGroup({ questions: set.questions, ours, theirs, measure, seed: data.seed });
  const panels = [...new Set(gains.map(({ panel }) => panel))];
  const figures = await Promise.all(
    panels.map(async (panel) => {
      const differences = gains.filter((gain) => gain.panel === panel);
      const svg = await renderSvg(differencePlot({ differences, title: `Δ ${measure}`, width: 260 }));
      return html`<figure>${raw(svg)}</figure>`;
    }),
  );
  return html`<h3>${best.name} against ${set.base}, question by question</h3>
    <div class="plots">
      <figure>
        ${raw(scatter)}
        <figcaption>
          A circle is a pair of scores, its area the number of questions; above the line the adapted row is better.
        </figcaption>
      </figure>
      <div>${figures}</div>
    </div>`;
}

/** The row of the largest mean difference; BM25 and others that were not trained are no adaptation, but may be it. */
function bestAdaptedRow(
  { rows }: ReportSet,
  statistics: readonly RowStatistics[],
  measure: string,
): ReportRow | undefined {
  const compared = statistics.filter((row) => row.measure === measure && row.comparison !== undefined);
  const [best] = compared.toSorted((a, b) => (b.comparison?.meanDifference ?? 0) - (a.comparison?.meanDifference ?? 0));
  return rows.find(({ name }) => name === best?.name);
}
