import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { checkJudgedPassages, loadCorpus, loadEvaluationSet } from "../artifacts/beir.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { fitFusion } from "../eval/fit-fusion.ts";
import type { FittedFusion } from "../eval/fit-fusion.ts";
import { parseMeasure } from "../eval/measures.ts";
import { retrieveLegs } from "../eval/retrieve-legs.ts";
import { formatPValue, formatTable } from "../format-table.ts";
import { formatFusion, toWireFusion } from "../indexing/fusion-setting.ts";
import { checkNotHeldOut, isTestSplit } from "../mining/held-out.ts";
import { openEncoder } from "./encoder-flags.ts";
import { questionFlags } from "./question-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

const { mode: _mode, fusion: _fusion, topK: _topK, ...searchFlags } = retrievalFlags;

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder: corpus.jsonl, queries.jsonl, qrels" }),
  split: z
    .string()
    .meta({ placeholder: "name", description: "judged questions to fit on: dev, val or train, never test" }),
  heldOut: questionFlags.heldOut,
  measure: z.string().default("nDCG@10").meta({ placeholder: "name" }),
  step: z.number().min(0.01).max(0.5).default(0.05).meta({ description: "between two weights tried" }),
  output: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "write the fusion there, for --fusion of the other commands" }),
  json: z.boolean().default(false).describe("print one JSON object"),
  ...searchFlags,
});

/** `aar fit-fusion`: see the description below and `fitFusion`. */
export const fitFusionCommand = defineCommand({
  summary: "fit how hybrid retrieval joins its legs, on a split that is not the test",
  description: `Tries a grid of weights of the dense leg with both normalisations of scores, and prints the measure at each, beside the
legs alone and reciprocal rank fusion. The result goes into a collection's record: upload --fusion FILE.`,
  examples: [
    "fit-fusion --data ../nfcorpus --split dev --output fusion.json",
    "evaluate --data ../nfcorpus --mode hybrid --fusion fusion.json",
  ],
  options,
  async run(given, { print, log, progress, signal }) {
    if (isTestSplit(given.split)) {
      throw new UsageError(
        `--split ${given.split}: a fusion fitted on the test questions would report their luck; fit on dev, val or train`,
      );
    }
    checkNotHeldOut({ ...given, folder: given.data, splits: [], purpose: "fitting a fusion" });
    const measure = parseMeasure(given.measure);
    const corpusFile = path.join(given.data, "corpus.jsonl");
    const set = await loadEvaluationSet(given.data, given.split);
    const passages = await loadCorpus(corpusFile, log);
    checkJudgedPassages(set.qrels, new Set(passages.map(({ id }) => id)), log);
    const legs = await retrieveLegs({
      mode: "hybrid",
      corpusFile,
      passages,
      queries: set.queries,
      depth: LEG_DEPTH,
      loadEncoder: (runtime) => openEncoder(given, runtime),
      runtime: given.runtime,
      vectors: given.vectors,
      cache: given.cache,
      progress,
      signal,
    });
    const fitted = fitFusion({ legs, set, measure, step: given.step, topK: LEG_DEPTH });
    const facts = { measure: measure.name, queries: set.qrels.size, ...fitted };
    if (given.output !== undefined) {
      await writeFileAtomic(given.output, `${JSON.stringify(toWireFusion(fitted.best.fusion))}\n`);
      const inputs = { corpus: await sha256File(corpusFile), encoder: legs.encoder?.fingerprint ?? "" };
      await writeMeta(given.output, { stage: "fit-fusion", schemaVersion: 1, options: given, inputs, facts });
      log(`wrote ${given.output}: upload --fusion ${given.output}, evaluate --mode hybrid --fusion ${given.output}`);
    }
    print(given.json ? JSON.stringify(facts, undefined, 2) : describe(fitted, measure.name));
  },
});

function describe({ curve, best, rrf, dense, lexical, gain }: FittedFusion, measure: string): string {
  const weights = [...new Set(curve.map(({ fusion }) => fusion.weight))];
  const at = (weight: number, normalization: string): string =>
    curve.find(({ fusion }) => fusion.weight === weight && fusion.normalization === normalization)?.score.toFixed(4) ??
    "";
  const table = formatTable(
    ["weight of dense", "theoretical", "min-max"],
    weights.map((weight) => [weight.toFixed(2), at(weight, "theoretical"), at(weight, "min-max")]),
  );
  return `${measure}
${table}

dense ${dense.toFixed(4)}, lexical ${lexical.toFixed(4)}, rrf:60 ${rrf.score.toFixed(4)}
best ${formatFusion(best.fusion)} ${best.score.toFixed(4)}: ${gain.meanDifference < 0 ? "" : "+"}${gain.meanDifference.toFixed(4)} over ${gain.over} alone (p ${formatPValue(gain.pValue)})
${JSON.stringify(toWireFusion(best.fusion))}`;
}
