import { html } from "./html.ts";
import type { SafeHtml } from "./html.ts";
import { renderPage } from "./page.ts";
import type { ReportData } from "./report-data.ts";
import { retrievalStatistics } from "./retrieval-statistics.ts";
import { costTable, provenance } from "./sections/cost.ts";
import { labelsSection } from "./sections/labels-section.ts";
import { verdict } from "./sections/scores.ts";
import { setSection } from "./sections/set-section.ts";
import { trainingSection } from "./sections/training-section.ts";

/** The page about one adaptation. The same data gives the same bytes. */
export async function renderReport(data: ReportData): Promise<string> {
  const measured = data.sets.map((set) => ({ set, statistics: retrievalStatistics(set, data) }));
  const sets = await Promise.all(measured.map(({ set, statistics }) => setSection(set, data, statistics)));
  const mainMeasure = data.measures[0] ?? "";
  const body = html`${measured.map(
      ({ set: { name, base }, statistics: { retrieval, hybrid } }) =>
        html`<p class="lead">
          <strong>${name}</strong>: ${verdict(retrieval, mainMeasure, base)}
          ${hybrid.length === 0 ? "" : html`In hybrid search: ${verdict(hybrid, mainMeasure, base)}`}
        </p>`,
    )}
    <nav>
      ${data.sets.map(({ name }) => html`<a href="#set-${name}">${name}</a>`)}${data.training.length === 0 ? "" : html`<a href="#training">Training</a>`}<a
        href="#cost"
        >Cost</a
      ><a href="#again">Make it again</a>
    </nav>
    ${notes(data.notes)} ${sets} ${await trainingSection(data.training)}
    ${await labelsSection(data.labels, data.overlaps)}
    <h2 id="cost">What it cost</h2>
    ${costTable(data.stages)}
    <h2 id="again">Make it again</h2>
    ${provenance(data)}
    <p class="muted">
      Intervals: percentile bootstrap over questions. p: two-sided paired permutation test against the base; Holm's
      correction over the rows of a table, for each measure.
    </p>`;
  return await renderPage({ title: data.title, subject: `preset ${data.preset}, seed ${data.seed}`, body });
}

function notes(list: readonly string[]): SafeHtml {
  return list.length === 0
    ? html``
    : html`<ul class="notes">
        ${list.map((note) => html`<li>${note}</li>`)}
      </ul>`;
}
