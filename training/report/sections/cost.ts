import { html } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { ReportData, ReportStage } from "../report-data.ts";

/** Hex digits of a hash that are shown; the meta files have all. */
const SHORT_HASH = 12;

/** What every stage took, and the sum. */
export function costTable(stages: readonly ReportStage[]): SafeHtml {
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const tokens = stages.reduce((sum, stage) => sum + stage.tokens, 0);
  return html`<div class="scroll">
    <table>
      <caption>
        Wall-clock time of each stage when it was last run, and tokens that went through a language model.
      </caption>
      <thead>
        <tr>
          <th>stage</th>
          <th>time</th>
          <th>LM tokens</th>
        </tr>
      </thead>
      <tbody>
        ${stages.map(
          (stage) =>
            html`<tr>
              <td>${stage.id}</td>
              <td>${duration(stage.seconds)}</td>
              <td>${stage.tokens === 0 ? "—" : grouped(stage.tokens)}</td>
            </tr>`,
        )}
        <tr>
          <th class="text">all</th>
          <th>${duration(seconds)}</th>
          <th>${grouped(tokens)}</th>
        </tr>
      </tbody>
    </table>
  </div>`;
}

/** How to make it again: the command, the experiment file, and of every stage its command and the hashes of its files. */
export function provenance({ command, experiment, stages }: ReportData): SafeHtml {
  return html`<pre>${command}</pre>
    <details class="example">
      <summary>The experiment file</summary>
      <pre>${experiment}</pre>
    </details>
    ${stages.map(
      ({ id, commandLine, inputs, outputs }) =>
        html`<details class="example">
          <summary>${id}</summary>
          <pre>${commandLine}</pre>
          <table>
            <thead>
              <tr>
                <th>file</th>
                <th class="text">sha256</th>
              </tr>
            </thead>
            <tbody>
              ${hashRows("in", inputs)}${hashRows("out", outputs)}
            </tbody>
          </table>
        </details>`,
    )}`;
}

function hashRows(direction: string, hashes: Readonly<Record<string, string>>): SafeHtml[] {
  return Object.entries(hashes).map(
    ([name, sha256]) =>
      html`<tr>
        <td>${direction}: ${name}</td>
        <td class="text"><code>${sha256.slice(0, SHORT_HASH)}</code></td>
      </tr>`,
  );
}

function duration(seconds: number): string {
  if (seconds < 60) {
    return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/gu, ",");
}
