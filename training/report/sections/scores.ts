import { formatPValue } from "../../format-table.ts";
import { html } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { RowStatistics } from "../row-statistics.ts";

/** At the usual level, after correction. */
const SIGNIFICANT = 0.05;

export interface ScoreTableOptions {
  readonly caption: string;
  readonly statistics: readonly RowStatistics[];
  readonly base: string;
  /** The one whose differences are shown. */
  readonly mainMeasure: string;
}

/** Rows by measures: mean and interval; for the main measure also the difference to the base with both p-values. */
export function scoreTable({ caption, statistics, base, mainMeasure }: ScoreTableOptions): SafeHtml {
  const measures = [...new Set(statistics.map(({ measure }) => measure))];
  const names = [...new Set(statistics.map(({ name }) => name))];
  const cells = (name: string): SafeHtml[] =>
    measures.map((measure) => {
      const found = statistics.find((row) => row.name === name && row.measure === measure);
      return found === undefined
        ? html`<td>—</td>`
        : html`<td>
            ${found.mean.toFixed(4)}<small>${found.interval.low.toFixed(3)} – ${found.interval.high.toFixed(3)}</small>
          </td>`;
    });
  const rows = names.map((name) => {
    const main = statistics.find((row) => row.name === name && row.measure === mainMeasure);
    const isBase = name === base;
    return html`<tr class="${isBase ? "base" : "row"}">
      <td>${rowName(name)}${isBase ? html` <span class="badge">base</span>` : ""}</td>
      ${cells(name)}${differenceCells(main)}
    </tr>`;
  });
  return html`<div class="scroll">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th>row</th>
          ${measures.map((measure) => html`<th>${measureName(measure)}</th>`)}
          <th>Δ ${measureName(mainMeasure)}</th>
          <th>p <small>(Holm)</small></th>
          <th>won <small>(lost)</small></th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** What it was trained on, and below it how: "LM only, query-adapter" would else be the widest column. */
function rowName(name: string): SafeHtml {
  const cut = name.lastIndexOf(", ");
  return cut === -1 ? html`${name}` : html`${name.slice(0, cut)}<small>${name.slice(cut + 2)}</small>`;
}

/** Breaks before its cutoff where the page is narrow. */
function measureName(measure: string): SafeHtml {
  const [name = "", cutoff] = measure.split("@");
  return cutoff === undefined ? html`${name}` : html`${name}<wbr />@${cutoff}`;
}

function differenceCells(row: RowStatistics | undefined): SafeHtml {
  const comparison = row?.comparison;
  if (comparison === undefined) {
    return html`<td>—</td>
      <td></td>
      <td></td>`;
  }
  if (comparison.wins + comparison.losses === 0) {
    return html`<td>0<small>same scores</small></td>
      <td></td>
      <td></td>`;
  }
  const { meanDifference, interval, pValue, pHolm, wins, losses } = comparison;
  const direction = pHolm >= SIGNIFICANT ? "open" : meanDifference > 0 ? "up" : "down";
  return html`<td>
      <span class="${direction}">${signed(meanDifference)}</span
      ><small>${signed(interval.low)} – ${signed(interval.high)}</small>
    </td>
    <td>${formatPValue(pValue)}<small>${formatPValue(pHolm)}</small></td>
    <td>${wins}<small>${losses}</small></td>`;
}

/** One sentence for the head of the report: what the numbers let one say, and no more. */
export function verdict(statistics: readonly RowStatistics[], mainMeasure: string, base: string): string {
  const compared = statistics.flatMap(({ name, measure, comparison }) =>
    measure === mainMeasure && comparison !== undefined ? [{ ...comparison, name }] : [],
  );
  if (compared.length === 0) {
    return `Only ${base} was evaluated: nothing to compare.`;
  }
  const say = ({ name, meanDifference, pHolm }: (typeof compared)[number]): string =>
    `${name} (${signed(meanDifference)}, p ${formatPValue(pHolm)})`;
  const better = compared.filter(({ pHolm, meanDifference }) => pHolm < SIGNIFICANT && meanDifference > 0);
  const worse = compared.filter(({ pHolm, meanDifference }) => pHolm < SIGNIFICANT && meanDifference < 0);
  const sentences = [
    better.length === 0
      ? `No row is above ${base} in ${mainMeasure} beyond chance.`
      : `Above ${base} in ${mainMeasure}: ${better.map(say).join(", ")}.`,
    ...(worse.length === 0 ? [] : [`Below it: ${worse.map(say).join(", ")}.`]),
  ];
  return sentences.join(" ");
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}
