import { renderSvg } from "../../plots/render-svg.ts";
import { trainingCurves } from "../../plots/training-curves.ts";
import { html, raw } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { ReportTraining } from "../report-data.ts";

/** Points drawn of one loss curve; a step each would weigh megabytes. */
const MAX_POINTS = 120;

/** Loss and dev measure of every training run. */
export async function trainingSection(training: readonly ReportTraining[]): Promise<SafeHtml> {
  if (training.length === 0) {
    return html``;
  }
  const groups = [...Map.groupBy(training, ({ row }) => splitRow(row).mode)];
  const losses = await Promise.all(groups.map(([mode, runs]) => chart(mode, "loss", runs)));
  const scores = await Promise.all(groups.map(([mode, runs]) => chart(mode, "dev", runs)));
  return html`<h2 id="training">Training</h2>
    <p class="muted">Loss, averaged over neighbouring steps.</p>
    <div class="plots">${losses}</div>
    <p class="muted">The development measure that stops training and chooses the checkpoint. It is no result.</p>
    <div class="plots">${scores}</div>`;
}

/** The curves of one training mode, a line for each condition. */
async function chart(mode: string, kind: "loss" | "dev", runs: readonly ReportTraining[]): Promise<SafeHtml> {
  const points = runs.flatMap(({ row, losses, devScores }) =>
    thinned(kind === "loss" ? losses : devScores).map((point) => ({ series: splitRow(row).condition, ...point })),
  );
  if (points.length === 0) {
    return html``;
  }
  const title = kind === "loss" ? "loss" : `dev ${runs[0]?.devMeasure ?? ""}`;
  return html`<figure>
    ${mode === "" ? "" : html`<strong>${mode}</strong>`} ${raw(await renderSvg(trainingCurves({ points, title })))}
  </figure>`;
}

/** "LM only, query-adapter": what it was trained on, and how. */
function splitRow(row: string): { readonly condition: string; readonly mode: string } {
  const cut = row.lastIndexOf(", ");
  return cut === -1 ? { condition: row, mode: "" } : { condition: row.slice(0, cut), mode: row.slice(cut + 2) };
}

interface Point {
  readonly step: number;
  readonly value: number;
}

/** Means of equal stretches. */
function thinned(points: readonly Point[]): Point[] {
  const stretch = Math.ceil(points.length / MAX_POINTS);
  return Array.from({ length: Math.ceil(points.length / Math.max(1, stretch)) }, (_, index) => {
    const part = points.slice(index * stretch, (index + 1) * stretch);
    const mean = part.reduce((sum, { value }) => sum + value, 0) / part.length;
    return { step: part.at(-1)?.step ?? 0, value: mean };
  });
}
