import { hashFraction } from "../artifacts/hash-split.ts";
import { rejectionReason } from "./negative-filters.ts";
import type { NegativeContext, NegativeFilterSettings, RejectionReason } from "./negative-filters.ts";

export interface HardNegativesOptions extends NegativeFilterSettings {
  /** At most so many. AAR: 30. */
  readonly count: number;
  /** `random`: a seeded sample of what is left, as AAR; `hardest`: its first ones. */
  readonly choose: "random" | "hardest";
  /**
   * When filters leave fewer, those that only a margin rejected fill up to here, the least similar first: a question whose
   * positive the first stage ranks low would otherwise have none at all.
   */
  readonly minimum: number;
  readonly seed: number;
}

export interface HardNegatives {
  /** In the order of the candidates. */
  readonly ids: readonly string[];
  /** Candidates by the first reason that rejected them. */
  readonly rejected: ReadonlyMap<RejectionReason, number>;
  /** Of `ids`, those that a margin had rejected. */
  readonly filled: number;
}

/** Chooses hard negatives among the candidates of one question (`candidates` best first). Same seed, same choice. */
export function hardNegatives(
  queryId: string,
  { candidates, context }: { readonly candidates: readonly string[]; readonly context: NegativeContext },
  options: HardNegativesOptions,
): HardNegatives {
  const { count, choose, minimum, seed } = options;
  const rejected = new Map<RejectionReason, number>();
  const eligible: string[] = [];
  const nearOnes: string[] = [];
  for (const id of candidates) {
    const reason = rejectionReason(id, context, options);
    if (reason === undefined) {
      eligible.push(id);
      continue;
    }
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
    if (reason === "margin-relative" || reason === "margin-absolute") {
      nearOnes.push(id);
    }
  }
  const chosen = choose === "hardest" ? eligible.slice(0, count) : sample(eligible, { queryId, count, seed });
  const wanted = Math.max(0, Math.min(minimum, count) - chosen.length);
  const similarity = (id: string): number => context.similarity(id) ?? -Infinity;
  const fill = nearOnes.toSorted((a, b) => similarity(a) - similarity(b)).slice(0, wanted);
  const ids = new Set([...chosen, ...fill]);
  return { ids: candidates.filter((id) => ids.has(id)), rejected, filled: fill.length };
}

interface SampleOptions {
  readonly queryId: string;
  readonly count: number;
  readonly seed: number;
}

/** By a hash of question and passage: what is chosen of the others does not change when one candidate comes or goes. */
function sample(ids: readonly string[], { queryId, count, seed }: SampleOptions): string[] {
  return ids
    .map((id) => ({ id, fraction: hashFraction(`${queryId}\t${id}`, seed) }))
    .toSorted((a, b) => a.fraction - b.fraction)
    .slice(0, count)
    .map(({ id }) => id);
}
