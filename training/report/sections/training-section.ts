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
  const losses = training.flatMap(({ row, losses }) => thinned(losses).map((point) => ({ series: row, ...point })));
  const scores = training.flatMap(({ row, devScores }) =>
    thinned(devScores).map((point) => ({ series: row, ...point })),
  );
  const measure = training[0]?.devMeasure ?? "";
  return html`<h2 id="training">Training</h2>
    <div class="plots">
      ${
        losses.length === 0
          ? ""
          : html`<figure>
              ${raw(await renderSvg(trainingCurves({ points: losses, title: "loss" })))}
              <figcaption>Contrastive loss; averaged over neighbouring steps.</figcaption>
            </figure>`
      }
      ${
        scores.length === 0
          ? ""
          : html`<figure>
              ${raw(await renderSvg(trainingCurves({ points: scores, title: `dev ${measure}` })))}
              <figcaption>
                The development measure that stops training and chooses the checkpoint. It is no result.
              </figcaption>
            </figure>`
      }
    </div>`;
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
