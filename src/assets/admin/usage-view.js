import { fetchUsage, fetchUsageCsv } from "./api.js";
import { byId } from "../playground/dom.js";
import { drawBars, formatNumber } from "./plot.js";
import { fillTable } from "./table.js";

/** Days shown at first. */
const DAYS = 30;
const DAY_MS = 86_400_000;

const from = byId("from", HTMLInputElement);
const to = byId("to", HTMLInputElement);
const group = byId("group", HTMLSelectElement);
const measure = byId("measure", HTMLSelectElement);

const COLUMNS = ["requests", "completed", "failed", "refused", "aborted", "embed_tokens", "prompt_tokens", "completion_tokens", "cost_usd"];

/**
 * Shows usage, and again whenever a control changes.
 * @param {(error: unknown) => void} onError
 */
export function watchUsage(onError) {
  const today = Date.now();
  to.value = isoDay(today);
  from.value = isoDay(today - (DAYS - 1) * DAY_MS);
  const show = () => void showUsage().catch(onError);
  byId("usage-form", HTMLFormElement).addEventListener("change", show);
  byId("csv", HTMLButtonElement).addEventListener("click", () => void download().catch(onError));
}

export async function showUsage() {
  const name = group.value;
  const rows = await fetchUsage(query(name));
  const bars = (name === "day" ? everyDay(rows) : rows).map((row) => ({
    label: String(row[name] ?? "") || "none",
    value: Number(row[measure.value] ?? 0),
  }));
  const plot = document.getElementById("plot");
  if (plot instanceof SVGSVGElement) {
    drawBars(plot, bars);
  }
  const total = bars.reduce((sum, { value }) => sum + value, 0);
  const shown = measure.selectedOptions[0]?.textContent ?? "";
  byId("plot-caption", HTMLElement).textContent = `${shown} by ${name}: ${formatNumber(total)} in all`;
  fillTable(
    byId("usage-table", HTMLTableElement),
    [
      { title: name, cell: (row) => String(row[name] ?? "") || "none" },
      ...COLUMNS.map((column) => ({
        title: column.replaceAll("_", " "),
        isNumber: true,
        cell: (/** @type {import("./api.js").UsageRow} */ row) => formatNumber(Number(row[column] ?? 0)),
      })),
    ],
    rows,
    { empty: "Nothing was used in this time." },
  );
}

/**
 * Days without a request have no row.
 * @param {readonly import("./api.js").UsageRow[]} rows
 * @returns {import("./api.js").UsageRow[]}
 */
function everyDay(rows) {
  const known = new Map(rows.map((row) => [row["day"], row]));
  const first = Date.parse(from.value);
  const count = Math.min(Math.round((Date.parse(to.value) - first) / DAY_MS) + 1, 366);
  if (!(count > 0)) {
    return [...rows];
  }
  return Array.from({ length: count }, (_, index) => {
    const day = isoDay(first + index * DAY_MS);
    return known.get(day) ?? { day };
  });
}

/** @param {string} groupBy */
function query(groupBy) {
  return {
    group_by: groupBy,
    ...(from.value === "" ? {} : { from: from.value }),
    ...(to.value === "" ? {} : { to: to.value }),
  };
}

/** Through fetch, because a link could not send the key. */
async function download() {
  const url = URL.createObjectURL(await fetchUsageCsv(query("tenant,key,day,model")));
  const link = document.createElement("a");
  link.href = url;
  link.download = "usage.csv";
  link.click();
  URL.revokeObjectURL(url);
}

/** @param {number} time */
function isoDay(time) {
  return new Date(time).toISOString().slice(0, 10);
}
