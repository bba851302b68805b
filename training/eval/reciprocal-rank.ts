import { relevantRanks } from "./measure.ts";
import type { MeasureFamily } from "./measure.ts";

/** 1 / rank of the first relevant passage among the first k; 0 when there is none. Its mean over queries is MRR. */
export const reciprocalRank: MeasureFamily = {
  name: "MRR",
  aliases: ["RR", "mrr"],
  needsCutoff: false,
  isBinary: true,
  score(query, parameters) {
    const index = relevantRanks(query, parameters).indexOf(true);
    return index === -1 ? 0 : 1 / (index + 1);
  },
};
