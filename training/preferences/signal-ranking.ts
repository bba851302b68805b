import { SIGNALS } from "../scoring/signals.ts";
import type { ScoresBySignal } from "./signal-scores.ts";

/** A passage as a source LM ranks it. */
export interface RankedPassage {
  readonly id: string;
  readonly score: number;
  /** Whether every signal that is a gain says that the passage helps (score > 0); true without such a signal. */
  readonly isGain: boolean;
}

export interface SignalRankingOptions {
  /** Signals to fuse, by name; all of them have to have scored a passage. */
  readonly signals: readonly string[];
  /** The first stage's passages that count, best first: ties of scores keep their order. */
  readonly candidates: readonly string[];
}

/**
 * The candidates as the signals rank them, best first; what a signal has not scored is left out. One signal keeps its
 * scores. Several are fused by the mean of their z-scores over this question's passages: z = (score - mean) / standard
 * deviation (of the population), and 0 for a signal that gives every passage the same.
 */
export function signalRanking(
  queryId: string,
  scores: ScoresBySignal,
  { signals, candidates }: SignalRankingOptions,
): RankedPassage[] {
  const tables = signals.map((signal) => scores.get(signal)?.get(queryId) ?? new Map<string, number>());
  const ids = candidates.filter((id) => tables.every((table) => table.has(id)));
  const columns = tables.map((table) => ids.map((id) => table.get(id) ?? 0));
  const fused = columns.length === 1 ? columns : columns.map(zScores);
  return ids
    .map((id, row) => ({
      id,
      score: fused.reduce((sum, column) => sum + (column[row] ?? 0), 0) / Math.max(1, fused.length),
      isGain: signals.every((signal, index) => SIGNALS[signal]?.isGain !== true || (columns[index]?.[row] ?? 0) > 0),
    }))
    .toSorted((a, b) => b.score - a.score);
}

function zScores(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
}
