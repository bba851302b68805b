import { countRelevant, relevantRanks } from "./measure.ts";
import type { MeasureFamily } from "./measure.ts";

/**
 * Relevant passages among the first k, divided by all relevant ones, even when they are more than k. 0 for a query
 * without a relevant passage. (Some papers call "found any" recall: that is `Success@k` here.)
 */
export const recall: MeasureFamily = {
  name: "Recall",
  aliases: ["R", "recall"],
  needsCutoff: true,
  isBinary: true,
  score(query, parameters) {
    const relevant = countRelevant(query, parameters);
    const found = relevantRanks(query, parameters).filter(Boolean).length;
    return relevant === 0 ? 0 : found / relevant;
  },
};
