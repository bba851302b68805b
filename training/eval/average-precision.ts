import { countRelevant, relevantRanks } from "./measure.ts";
import type { MeasureFamily } from "./measure.ts";

/**
 * Mean of the precision at each relevant rank, over *all* relevant passages: one that was not retrieved adds 0. Without
 * `@k` the whole ranking counts. 0 for a query without a relevant passage. Its mean over queries is MAP.
 */
export const averagePrecision: MeasureFamily = {
  name: "AP",
  aliases: ["MAP", "map"],
  needsCutoff: false,
  isBinary: true,
  score(query, parameters) {
    const relevant = countRelevant(query, parameters);
    let found = 0;
    let sum = 0;
    for (const [index, isRelevant] of relevantRanks(query, parameters).entries()) {
      if (isRelevant) {
        found++;
        sum += found / (index + 1);
      }
    }
    return relevant === 0 ? 0 : sum / relevant;
  },
};
