import type { FusionSettings } from "../../../src/retrieval/types.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { fitFusion } from "../../../training/eval/fit-fusion.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import type { InCorpusPart } from "../../../training/reproduction/in-corpus/sets.ts";
import type { BothLegs, PartMeter, Trained } from "./measure.ts";
import { DEPTH } from "./workshop.ts";

/** Judged questions that no condition trains on. */
export const FITTING_PARTS: readonly InCorpusPart[] = ["dev-seen", "dev-unseen", "dev-nq", "dev-hotpotqa"];

/** Of a part, the first by a hash of their ids: enough to tell weights apart that are a tenth from each other. */
const QUESTIONS = 300;
const STEP = 0.1;

/** Fits how both legs are joined for one query side, on development questions of the set; undefined when it has none. */
export async function fitOnDev(
  meters: readonly PartMeter[],
  trained: Trained | undefined,
): Promise<FusionSettings | undefined> {
  const [first, ...others] = await Promise.all(
    meters.map(async (meter) => ({ set: meter.set, legs: await meter.retrieve(trained) })),
  );
  if (first === undefined) {
    return undefined;
  }
  const parts = [first, ...others].map(({ set, legs }) => ({
    set: {
      ...set,
      queries: set.queries.toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id)).slice(0, QUESTIONS),
    },
    legs,
  }));
  const set = {
    queries: parts.flatMap((part) => part.set.queries),
    qrels: new Map(parts.flatMap((part) => [...part.set.qrels])),
  };
  const run = (leg: "dense" | "lexical"): BothLegs["dense"] =>
    new Map(parts.flatMap((part) => part.set.queries.map(({ id }) => [id, part.legs[leg].get(id) ?? []] as const)));
  const legs = { ...first.legs, dense: run("dense"), lexical: run("lexical") };
  return fitFusion({ legs, set, measure: parseMeasure("nDCG@10"), step: STEP, topK: DEPTH }).best.fusion;
}
