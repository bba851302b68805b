import path from "node:path";
import { loadVectorSet } from "../../../training/artifacts/vector-set.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { comparePairs } from "../../../training/eval/compare-pairs.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import type { PerQueryScores } from "../../../training/eval/per-query-scores.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import { encodeCorpus } from "../../../training/indexing/encode-corpus.ts";
import type { Blend } from "../../../training/trainer/blend-weights.ts";
import { cohortKey } from "./cohorts.ts";
import type { ConditionLabel } from "./conditions.ts";
import { openPart } from "./measure.ts";
import type { MeasuredLeg, MeasuredLegs, PartMeter, Trained } from "./measure.ts";
import { openSet } from "./open-set.ts";
import type { OpenedCorpus, OpenedSet } from "./open-set.ts";
import { partQuestions } from "./part-questions.ts";
import type { RecipeName } from "./recipes.ts";
import { recoveredShare } from "./recovered-share.ts";
import type { RecoveredShare } from "./recovered-share.ts";
import type { InCorpusName, InCorpusPart } from "./sets.ts";
import { trainCell, trainsPassages } from "./train-cell.ts";
import type { Cell } from "./train-cell.ts";
import { PASSAGE_TOKENS } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

/** What decides; the others are reported beside it. */
const MEASURE = "nDCG@10";

type Compared = Omit<PairComparison, "name" | "measure">;

/** Means of one row on one part. */
export interface PartRecord {
  readonly part: InCorpusPart;
  readonly n: number;
  readonly means: Readonly<Record<MeasuredLeg, Readonly<Record<string, number>>>>;
  /** Against the base: nDCG@10 of the dense leg. Absent of the base itself. */
  readonly gain?: Compared;
  /** Of the gain by human positives in the same mode. */
  readonly recovered?: RecoveredShare;
  /** Against human positives in the same mode. */
  readonly againstHuman?: Compared;
}

export interface RowRecord {
  readonly condition: ConditionLabel | "base";
  readonly recipe: RecipeName | "";
  readonly examples: number;
  /** Share of the first positives that people judged relevant. */
  readonly right: number | null;
  readonly blend?: Blend;
  readonly parts: readonly PartRecord[];
}

export interface SetRecord {
  readonly set: InCorpusName;
  readonly cohort: string;
  /** Training questions that the conditions share. */
  readonly questions: number;
  readonly stopsOnDev: boolean;
  readonly rows: readonly RowRecord[];
}

export interface RunSetOptions extends Workshop {
  readonly parts: readonly InCorpusPart[];
  readonly cells: readonly Cell[];
  readonly stopsOnDev: boolean;
}

interface Measured {
  readonly cell: Cell;
  readonly row: Omit<RowRecord, "parts">;
  readonly legs: readonly MeasuredLegs[];
}

/** Trains every cell and measures it on the parts beside the base. */
export async function runSet(name: InCorpusName, options: RunSetOptions): Promise<SetRecord> {
  const { parts, cells, threads, stopsOnDev, log } = options;
  const set = await openSet(name, options);
  const searches = new Map<OpenedCorpus["vectors"], ProductSearch>();
  try {
    const meters: PartMeter[] = [];
    for (const part of parts) {
      // One by one: the first makes the full-text index that the others open.
      const questions = await partQuestions(set, part, options);
      const { vectors } = questions.corpus;
      const search = searches.get(vectors) ?? (await openSearch(vectors, threads));
      searches.set(vectors, search);
      const meter = await openPart(questions, { workshop: options, search });
      meters.push(...(meter === undefined ? [] : [meter]));
    }
    const base = await measureAll(meters, undefined);
    const measured: Measured[] = [];
    for (const cell of cells) {
      const trained = await trainCell(set, cell, options);
      if (trained === undefined) {
        log(`${name}: no example for ${cell.condition}`);
        continue;
      }
      const { run, examples } = trained;
      const blend = run.blend === undefined ? {} : { blend: run.blend };
      const row = { ...cell, examples: examples.length, right: shareRight(set, examples), ...blend };
      const search = trainsPassages(cell.recipe) ? await searchAgain(set, run.result, options) : undefined;
      measured.push({ cell, row, legs: await measureAll(meters, { result: run.result, search }) });
      await search?.close();
      log(`${name}: ${cell.condition} ${cell.recipe}`);
    }
    return {
      set: name,
      cohort: cohortKey(options.cohort),
      questions: set.labelled.queries.length,
      stopsOnDev,
      rows: [
        {
          condition: "base",
          recipe: "",
          examples: 0,
          right: null,
          parts: meters.map((meter, index) => partRecord(meter, base[index])),
        },
        ...measured.map((one) => ({ ...one.row, parts: partRecords(one, { meters, base, measured }) })),
      ],
    };
  } finally {
    await Promise.all([...searches.values()].map((search) => search.close()));
  }
}

function openSearch({ matrix, facts }: OpenedCorpus["vectors"], threads: number): Promise<ProductSearch> {
  return ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
}

/** Over the set's passages by an encoder that was trained for them, too. */
async function searchAgain(
  { corpus }: OpenedSet,
  encoderFolder: string,
  { threads, progress, signal }: Workshop,
): Promise<ProductSearch> {
  const output = path.join(encoderFolder, "..", "vectors");
  const encoder = await loadEncoder(encoderFolder, { threads, maxPassageLength: PASSAGE_TOKENS });
  await encodeCorpus({ corpus: corpus.file, output, encoder, overwrite: true, progress, signal });
  return await openSearch(await loadVectorSet(output), threads);
}

async function measureAll(meters: readonly PartMeter[], trained: Trained | undefined): Promise<MeasuredLegs[]> {
  const legs: MeasuredLegs[] = [];
  for (const meter of meters) {
    legs.push(await meter.measure(trained));
  }
  return legs;
}

interface Beside {
  readonly meters: readonly PartMeter[];
  readonly base: readonly MeasuredLegs[];
  readonly measured: readonly Measured[];
}

function partRecords({ cell, legs }: Measured, { meters, base, measured }: Beside): PartRecord[] {
  const human = measured.find((other) => other.cell.condition === "human" && other.cell.recipe === cell.recipe);
  return meters.map((meter, index) => {
    const pairs = measured.map((other) => ({
      name: `${other.cell.condition} ${other.cell.recipe}`,
      ours: scoresOf(other.legs[index]),
      theirs: scoresOf(base[index]),
    }));
    const gain = comparePairs(pairs).find(({ name }) => name === `${cell.condition} ${cell.recipe}`);
    const record = { ...partRecord(meter, legs[index]), ...(gain === undefined ? {} : { gain: compared(gain) }) };
    if (human === undefined || human.cell.condition === cell.condition) {
      return record;
    }
    const pair = { name: "", ours: scoresOf(legs[index]), theirs: scoresOf(human.legs[index]) };
    const [againstHuman] = comparePairs([pair]);
    const [own = [], reference = []] = [legs[index], human.legs[index]].map((of) => gainsOf(of, base[index]));
    const recovered = recoveredShare(own, reference);
    return {
      ...record,
      ...(recovered === undefined ? {} : { recovered }),
      ...(againstHuman === undefined ? {} : { againstHuman: compared(againstHuman) }),
    };
  });
}

function compared({ name: _name, measure: _measure, ...comparison }: PairComparison): Compared {
  return comparison;
}

function partRecord({ part, questions }: PartMeter, legs: MeasuredLegs | undefined): PartRecord {
  const meansOf = (leg: MeasuredLeg): Record<string, number> =>
    Object.fromEntries((legs?.[leg].means ?? []).map(({ measure, mean }) => [measure, mean]));
  return { part, n: questions, means: { dense: meansOf("dense"), hybrid: meansOf("hybrid") } };
}

/** nDCG@10 of the dense leg by question. */
function scoresOf(legs: MeasuredLegs | undefined): PerQueryScores {
  return new Map([...(legs?.dense.perQuery ?? [])].map(([id, scores]) => [id, { [MEASURE]: scores[MEASURE] ?? 0 }]));
}

function gainsOf(legs: MeasuredLegs | undefined, base: MeasuredLegs | undefined): number[] {
  const theirs = scoresOf(base);
  return [...scoresOf(legs)].map(([id, scores]) => (scores[MEASURE] ?? 0) - (theirs.get(id)?.[MEASURE] ?? 0));
}

function shareRight(
  { labelled }: OpenedSet,
  examples: readonly { readonly queryId: string; readonly positives: readonly { readonly passageId: string }[] }[],
): number {
  const right = examples.filter(
    ({ queryId, positives: [first] }) => (labelled.qrels.get(queryId)?.get(first?.passageId ?? "") ?? 0) > 0,
  );
  return right.length / examples.length;
}
