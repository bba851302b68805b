import path from "node:path";
import { loadVectorSet } from "../../../training/artifacts/vector-set.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import { encodeCorpus } from "../../../training/indexing/encode-corpus.ts";
import type { InCorpusName, InCorpusPart } from "../../../training/reproduction/in-corpus/sets.ts";
import { cohortKey } from "./cohorts.ts";
import { FITTING_PARTS, fitOnDev } from "./fit-on-dev.ts";
import { openPart } from "./measure.ts";
import type { MeasuredLegs, PartMeter, Trained } from "./measure.ts";
import { openSet } from "./open-set.ts";
import type { OpenedCorpus, OpenedSet } from "./open-set.ts";
import { partQuestions } from "./part-questions.ts";
import { rowRecords } from "./set-record.ts";
import type { Measured, SetRecord } from "./set-record.ts";
import { trainCell, trainsPassages } from "./train-cell.ts";
import type { Cell } from "./train-cell.ts";
import { PASSAGE_TOKENS } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

export interface RunSetOptions extends Workshop {
  readonly parts: readonly InCorpusPart[];
  readonly cells: readonly Cell[];
  readonly stopsOnDev: boolean;
}

/** Trains every cell and measures it on the parts beside the base. */
export async function runSet(name: InCorpusName, options: RunSetOptions): Promise<SetRecord> {
  const { parts, cells, stopsOnDev, log } = options;
  const set = await openSet(name, options);
  const searches = new Map<OpenedCorpus["vectors"], ProductSearch>();
  try {
    const meters = await openMeters(set, parts, { searches, workshop: options });
    const fitted = parts.every((part) => part.startsWith("test-")) ? FITTING_PARTS : [];
    const fitting = await openMeters(set, fitted, { searches, workshop: options });
    const base = await measureAll(meters, fitting, undefined);
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
      try {
        measured.push({ cell, row, legs: await measureAll(meters, fitting, { result: run.result, search }) });
      } finally {
        await search?.close();
      }
      log(`${name}: ${cell.condition} ${cell.recipe}`);
    }
    return {
      set: name,
      cohort: cohortKey(options.cohort),
      questions: set.labelled.queries.length,
      stopsOnDev,
      rows: rowRecords({ meters, base, measured }),
    };
  } finally {
    await Promise.all([...searches.values()].map((search) => search.close()));
  }
}

interface OpenMetersOptions {
  /** Opened so far, by what they search; those that are missing are added. */
  readonly searches: Map<OpenedCorpus["vectors"], ProductSearch>;
  readonly workshop: Workshop;
}

/** One by one: the first makes the full-text index that the others open. Parts without questions are left out. */
async function openMeters(
  set: OpenedSet,
  parts: readonly InCorpusPart[],
  { searches, workshop }: OpenMetersOptions,
): Promise<PartMeter[]> {
  const opened: PartMeter[] = [];
  for (const part of parts) {
    const questions = await partQuestions(set, part, workshop);
    const { vectors } = questions.corpus;
    const search = searches.get(vectors) ?? (await openSearch(vectors, workshop.threads));
    searches.set(vectors, search);
    const meter = await openPart(questions, { workshop, search });
    opened.push(...(meter === undefined ? [] : [meter]));
  }
  return opened;
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

/** On all parts, and with a fusion that is fitted on the development parts, where any are given. */
async function measureAll(
  meters: readonly PartMeter[],
  fitting: readonly PartMeter[],
  trained: Trained | undefined,
): Promise<MeasuredLegs[]> {
  const fusion = await fitOnDev(fitting, trained);
  const legs: MeasuredLegs[] = [];
  for (const meter of meters) {
    legs.push(meter.measure(await meter.retrieve(trained), fusion));
  }
  return legs;
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
