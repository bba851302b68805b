import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { formatPValue } from "../../../training/format-table.ts";
import { differencePlot } from "../../../training/plots/difference-plot.ts";
import { learningCurve } from "../../../training/plots/learning-curve.ts";
import { renderSvg } from "../../../training/plots/render-svg.ts";
import { html, raw } from "../../../training/report/html.ts";
import type { SafeHtml } from "../../../training/report/html.ts";
import { renderPage } from "../../../training/report/page.ts";
import { claims } from "./claims.ts";
import type { Claim } from "./claims.ts";
import { formatRecord, isTelling } from "./report.ts";
import type { SetRecord } from "./set-record.ts";

/** Chosen on the development parts of squadshifts_wiki and bioasq; see docs/experiments/README.md. */
const CHOSEN = { free: "lm-free-graded", recipe: "linear" } as const;

/**
 * Reads all records of a folder, and those with fewer questions of `<folder>-curve`, and writes the page about them and its plot beside
 * it. Returns the page's file.
 */
export async function writeSummary(folder: string): Promise<string> {
  const records = await readRecords(folder);
  const fewer = existsSync(`${folder}-curve`) ? await readRecords(`${folder}-curve`) : [];
  const plot = await gainPlot(records);
  const curve = await curvePlot([...fewer, ...records.filter(({ set }) => fewer.some((one) => one.set === set))]);
  await writeFileAtomic(path.join(folder, "gains.svg"), plot);
  const tested = claims({ recipe: CHOSEN.recipe, records: records.filter(({ cohort }) => cohort === "free") });
  const body = html`<h2>Gain over the base</h2>
    <figure>${raw(plot)}</figure>
    <h2>Gain by the number of labelled questions</h2>
    <figure>${raw(curve)}</figure>
    <h2>Claims</h2>
    ${claimTable(tested)}
    <h2>All rows</h2>
    ${records.map((record) => html`<div class="scroll"><pre>${formatRecord(record)}</pre></div>`)}
    <p class="muted">
      Intervals: percentile bootstrap over questions, 95 %. p: two-sided paired permutation test; Holm's correction over
      all claims, and in "all rows" over the rows of one table and part.
    </p>`;
  const page = await renderPage({
    title: "Adaptation inside a corpus",
    subject: "all-MiniLM-L6-v2, linear query adapter, SmolLM2-135M-Instruct; nDCG@10 of dense retrieval",
    body,
  });
  const file = path.join(folder, "report.html");
  await writeFileAtomic(file, page);
  return file;
}

async function readRecords(folder: string): Promise<SetRecord[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted();
  return await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(path.join(folder, name), "utf8")) as SetRecord), // our own files
  );
}

async function curvePlot(records: readonly SetRecord[]): Promise<string> {
  const series = new Map<string, string>([
    ["human", "people's judgments"],
    [CHOSEN.free, "LM, no answers or judgments"],
    ["lm-gain-graded", "LM, gold answers"],
  ]);
  const points = records
    .toSorted((a, b) => a.questions - b.questions)
    .flatMap(({ set, questions, rows }) =>
      rows
        .filter(({ recipe }) => recipe === CHOSEN.recipe)
        .flatMap(({ condition, parts }) =>
          parts.flatMap(({ part, gain }) => {
            const name = series.get(condition);
            return gain === undefined || name === undefined
              ? []
              : [{ series: name, panel: `${set}, ${part}`, questions, mean: gain.meanDifference, ...gain.interval }];
          }),
        ),
    );
  return await renderSvg(learningCurve({ points, title: "gain of nDCG@10" }));
}

async function gainPlot(records: readonly SetRecord[]): Promise<string> {
  const shown = new Set<string>(["human", CHOSEN.free, "control-first"]);
  const differences = records
    .filter(({ set }) => set !== "general")
    .flatMap(({ set, rows }) =>
      rows
        .filter(({ condition, recipe }) => shown.has(condition) && recipe === CHOSEN.recipe)
        .flatMap(({ condition, parts }) =>
          parts.flatMap(({ part, gain }) =>
            gain === undefined
              ? []
              : [
                  {
                    name: `${set}: ${condition}`,
                    panel: part,
                    mean: gain.meanDifference,
                    low: gain.interval.low,
                    high: gain.interval.high,
                  },
                ],
          ),
        ),
    );
  return await renderSvg(differencePlot({ differences, title: "gain of nDCG@10" }));
}

function claimTable(tested: readonly Claim[]): SafeHtml {
  const signed = (value: number): string => `${value < 0 ? "" : "+"}${value.toFixed(3)}`;
  const share = ({ recovered }: Claim): string =>
    recovered === undefined || !isTelling(recovered)
      ? ""
      : `${(100 * recovered.share).toFixed(0)} % (${(100 * recovered.low).toFixed(0)} to ${(100 * recovered.high).toFixed(0)})`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>set</th>
          <th>part</th>
          <th>claim</th>
          <th>difference</th>
          <th>p <small>(Holm)</small></th>
          <th>of the human gain</th>
        </tr>
      </thead>
      <tbody>
        ${tested.map(
          (claim) =>
            html`<tr>
              <td>${claim.set}</td>
              <td>${claim.part} <small>n=${claim.n}</small></td>
              <td>${claim.statement}</td>
              <td>${signed(claim.difference)}<small>${signed(claim.low)} – ${signed(claim.high)}</small></td>
              <td>${formatPValue(claim.pValue)}<small>(${formatPValue(claim.pHolm)})</small></td>
              <td>${share(claim)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
