import { relevantRanks } from "./measure.ts";
import type { MeasureFamily } from "./measure.ts";

/** Relevant passages among the first k, divided by k, even when fewer were retrieved. */
export const precision: MeasureFamily = {
  name: "P",
  aliases: ["Precision", "precision"],
  needsCutoff: true,
  isBinary: true,
  score(query, parameters) {
    return relevantRanks(query, parameters).filter(Boolean).length / parameters.cutoff;
  },
};
