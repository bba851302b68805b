import path from "node:path";
import type { PassageText } from "../../src/encoder/encoder.ts";
import { AppError } from "../../src/shared/errors.ts";
import { loadCorpus, readQueries } from "../artifacts/beir.ts";

export interface SampleTextsOptions {
  /** BEIR-style folders; each gives its share. */
  readonly folders: readonly string[];
  readonly passages: number;
  readonly queries: number;
  /** Where in its stretch of the file each text is taken, 0..1: samples of different phases have no text in common. */
  readonly phase: number;
}

export interface SampledTexts {
  readonly passages: readonly PassageText[];
  readonly queries: readonly string[];
}

/** Phases of the two samples: half a stretch apart. */
export const PARITY_PHASE = 0;
export const CALIBRATION_PHASE = 0.5;

/**
 * Real passages and queries, spread evenly over the folders and over each file, without randomness. A folder that has fewer
 * gives what it has. Throws AppError `invalid_artifact` when the folders have none at all.
 */
export async function sampleTexts({ folders, passages, queries, phase }: SampleTextsOptions): Promise<SampledTexts> {
  const sampledPassages: PassageText[] = [];
  const sampledQueries: string[] = [];
  for (const [index, folder] of folders.entries()) {
    const foldersLeft = folders.length - index;
    const corpus = await loadCorpus(path.join(folder, "corpus.jsonl"));
    const texts = await Array.fromAsync(readQueries(path.join(folder, "queries.jsonl")));
    const passageCount = Math.ceil((passages - sampledPassages.length) / foldersLeft);
    const queryCount = Math.ceil((queries - sampledQueries.length) / foldersLeft);
    sampledPassages.push(...spread(corpus, passageCount, phase).map(({ title, text }) => ({ title, text })));
    sampledQueries.push(...spread(texts, queryCount, phase).map(({ text }) => text));
  }
  if (sampledPassages.length === 0 || sampledQueries.length === 0) {
    throw new AppError("invalid_artifact", `no passages or no queries in ${folders.join(", ")}`);
  }
  return { passages: sampledPassages, queries: sampledQueries };
}

function spread<Item>(items: readonly Item[], count: number, phase: number): Item[] {
  const taken = Math.min(count, Math.floor(items.length / 2)); // stretches of two or more: phases never meet
  const stretch = items.length / Math.max(1, taken);
  return Array.from({ length: taken }, (_, index) => items[Math.floor((index + phase) * stretch)]).filter(
    (item) => item !== undefined,
  );
}
