import { histogram } from "../../plots/histogram.ts";
import { renderSvg } from "../../plots/render-svg.ts";
import { html, raw } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { ReportLabels, ReportOverlap } from "../report-data.ts";

/** What the source LM said, and how far it agrees with people. */
export async function labelsSection(
  labels: readonly ReportLabels[],
  overlaps: readonly ReportOverlap[],
): Promise<SafeHtml> {
  if (labels.length === 0 && overlaps.length === 0) {
    return html``;
  }
  const figures = await Promise.all(labels.map(labelFigure));
  return html`<h2 id="labels">Labels</h2>
    <div class="plots">${figures}</div>
    ${overlapTable(overlaps)}`;
}

async function labelFigure({ signal, humanPositives, others, facts }: ReportLabels): Promise<SafeHtml> {
  const values = [
    ...others.map((value) => ({ series: "other passages", value })),
    ...humanPositives.map((value) => ({ series: "human positives", value })),
  ];
  const svg = values.length === 0 ? undefined : await renderSvg(histogram({ values, title: signal, unit: "passages" }));
  const rows = Object.entries(facts).map(
    ([name, value]) =>
      html`<tr>
        <td>${name}</td>
        <td>${value}</td>
      </tr>`,
  );
  return html`<figure>
      ${svg === undefined ? "" : raw(svg)}
      <figcaption>Scores of the labelled passages under ${signal}.</figcaption>
    </figure>
    ${
      rows.length === 0
        ? ""
        : html`<table style="width:auto">
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }`;
}

function overlapTable(overlaps: readonly ReportOverlap[]): SafeHtml {
  return overlaps.length === 0
    ? html``
    : html`<div class="scroll">
        <table style="width:auto">
          <caption>
            Jaccard overlap of the sets of positives (the paper: human and LM about 13 %, two LMs over 55 %).
          </caption>
          <thead>
            <tr>
              <th>sets</th>
              <th>overlap</th>
              <th>questions</th>
            </tr>
          </thead>
          <tbody>
            ${overlaps.map(
              ({ a, b, jaccard, queries }) =>
                html`<tr>
                  <td>${a} and ${b}</td>
                  <td>${(100 * jaccard).toFixed(1)} %</td>
                  <td>${queries}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
}
