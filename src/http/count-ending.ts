import type { Metrics } from "../metrics/metrics.ts";
import type { UsageEnding } from "../usage/usage-record.ts";

export interface CountEndingOptions {
  readonly route: string;
  readonly ending: UsageEnding;
}

/** Counts how a request ended, how long it and its stages took, and its tokens. */
export function countEnding(
  metrics: Metrics,
  { route, ending: { outcome, durationMs, stages, counts, target } }: CountEndingOptions,
): void {
  metrics.count("aar_request_outcomes_total", { route, outcome });
  metrics.observe("aar_request_duration_seconds", { route }, durationMs / 1000);
  for (const [stage, milliseconds] of Object.entries(stages)) {
    metrics.observe("aar_stage_duration_seconds", { stage }, milliseconds / 1000);
  }
  const { embedTokens, promptTokens, completionTokens } = counts;
  metrics.count("aar_tokens_total", { kind: "embedding" }, embedTokens);
  if (target !== null) {
    metrics.count("aar_tokens_total", { kind: "prompt", target }, promptTokens);
    metrics.count("aar_tokens_total", { kind: "completion", target }, completionTokens);
  }
}
