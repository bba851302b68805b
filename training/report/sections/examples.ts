import { html } from "../html.ts";
import type { SafeHtml } from "../html.ts";
import type { ReportExample, ReportPassage } from "../report-data.ts";

/** Characters of a passage that are shown. */
const EXCERPT = 280;

/** Questions won and lost, with what each row put first; folded, since passages are long. */
export function examples(list: readonly ReportExample[], base: string): SafeHtml {
  const won = list.filter(({ score, baseScore }) => score > baseScore);
  const lost = list.filter(({ score, baseScore }) => score <= baseScore);
  return html`${group("Won", won, base)}${group("Lost", lost, base)}`;
}

function group(title: string, list: readonly ReportExample[], base: string): SafeHtml {
  return list.length === 0
    ? html``
    : html`<h3>${title}</h3>
        ${list.map((entry) => example(entry, base))}`;
}

function example(entry: ReportExample, base: string): SafeHtml {
  const { question, answers, row, measure, baseScore, score, basePassages, passages } = entry;
  return html`<details class="example">
    <summary>${question} <span class="muted">${measure} ${baseScore.toFixed(2)} → ${score.toFixed(2)}</span></summary>
    ${answers.length === 0 ? "" : html`<p class="muted">Accepted: ${answers.slice(0, 5).join("; ")}</p>`}
    <div class="columns">
      <div><strong>${base}</strong>${passageList(basePassages)}</div>
      <div><strong>${row}</strong>${passageList(passages)}</div>
    </div>
  </details>`;
}

function passageList(passages: readonly ReportPassage[]): SafeHtml {
  return html`<ol>
    ${passages.map(
      ({ title, text, isRelevant }) =>
        html`<li class="${isRelevant ? "relevant" : "other"}">
          ${isRelevant ? html`<span class="badge up">relevant</span> ` : ""}<strong>${title}</strong> ${excerpt(text)}
        </li>`,
    )}
  </ol>`;
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/gu, " ").trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT - 1)}…` : line;
}
