/** Everything that is measured, in Prometheus' terms. Labels are few and bounded: no key, no tenant, no path as it was sent. */
export const COUNTERS = {
  aar_requests_total: "Requests, by route, method and status.",
  aar_request_outcomes_total: "Requests of routes that want a key, by route and how they ended.",
  aar_target_requests_total: "Requests to target LMs, by target and how they ended.",
  aar_tokens_total: "Tokens, by kind, and by the target LM that answered.",
  aar_cache_total: "Uses of caches, by stage and result.",
  aar_degraded_total: "Responses that had to do without something, by what.",
  aar_circuit_changes_total: "Changes of the circuits to target LMs, by target and new state.",
} as const;
export type CounterName = keyof typeof COUNTERS;

export const HISTOGRAMS = {
  aar_request_duration_seconds: "Time from the request to the end of its response, by route.",
  aar_stage_duration_seconds: "Time of a stage, by stage.",
  aar_target_first_event_seconds: "Time to a target LM's first word, by target.",
} as const;
export type HistogramName = keyof typeof HISTOGRAMS;

/** Upper bounds in seconds: from a cached search to an answer of minutes. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;
