import * as fc from "fast-check";
import type { ScoredPassage } from "../../src/retrieval/types.ts";

/** A run of distinct passages, best first, ties included; few ids, so that two runs share passages. */
export const runArbitrary: fc.Arbitrary<readonly ScoredPassage[]> = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"),
      // In steps, as no leg's scores differ by less than rounding does.
      score: fc.integer({ min: 0, max: 500 }).map((step) => step / 100),
    }),
    { selector: ({ id }) => id, maxLength: 12 },
  )
  .map((run) => run.toSorted((a, b) => b.score - a.score));
