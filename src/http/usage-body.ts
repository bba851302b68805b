import type { UsageSum } from "../usage/usage-store.ts";

const NANO_USD = 1_000_000_000;

/** A row of usage on the wire, groups first. */
export function usageBody(sum: UsageSum): Record<string, string | number> {
  const { tenant, key, day, model } = sum;
  return {
    ...Object.fromEntries(
      Object.entries({ tenant, key, day, model }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      ),
    ),
    requests: sum.requests,
    completed: sum.completed,
    failed: sum.failed,
    refused: sum.refused,
    aborted: sum.aborted,
    lost: sum.lost,
    retrievals: sum.retrievals,
    embed_tokens: sum.embedTokens,
    vectors_queried: sum.vectorsQueried,
    context_tokens: sum.contextTokens,
    prompt_tokens: sum.promptTokens,
    completion_tokens: sum.completionTokens,
    cost_usd: sum.nanoUsd / NANO_USD,
  };
}

/**
 * Rows as CSV (RFC 4180), with the names of `columns` first. A text that a spreadsheet would take for a formula gets an
 * apostrophe before it.
 */
export function toCsv(columns: readonly string[], rows: readonly Readonly<Record<string, string | number>>[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  return lines.map((line) => `${line.map(csvField).join(",")}\r\n`).join("");
}

function csvField(value: string | number): string {
  if (typeof value === "number") {
    // Costs of a millionth of a dollar would come out as 1e-6.
    return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/0+$/, "");
  }
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
