import { relevantRanks } from "./measure.ts";
import type { MeasureFamily } from "./measure.ts";

/** 1 when any of the first k passages is relevant, else 0. */
export const success: MeasureFamily = {
  name: "Success",
  aliases: ["success"],
  needsCutoff: true,
  isBinary: true,
  score(query, parameters) {
    return relevantRanks(query, parameters).includes(true) ? 1 : 0;
  },
};
