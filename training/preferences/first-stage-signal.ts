import type { Run } from "../artifacts/trec.ts";
import type { ScoresBySignal } from "./signal-scores.ts";

/** Name of the first stage's own scores among the signals. */
export const FIRST_STAGE = "first-stage";

/**
 * Adds what the first stage itself says of its first `depth` passages, as a signal to fuse with an LM's: two judges that err in
 * different ways. A hybrid first stage knows words that a dense base does not.
 */
export function withFirstStage(scores: ScoresBySignal, candidates: Run, depth: number): ScoresBySignal {
  const own = new Map(
    [...candidates].map(([queryId, passages]) => [
      queryId,
      new Map(passages.slice(0, depth).map(({ id, score }) => [id, score])),
    ]),
  );
  return new Map([...scores, [FIRST_STAGE, own]]);
}
