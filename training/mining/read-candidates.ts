import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { metaPath } from "../artifacts/meta.ts";
import { readTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";

const metaSchema = z.looseObject({
  stage: z.literal("mine"),
  schemaVersion: z.literal(1),
  options: z.record(z.string(), z.unknown()).default({}),
  inputs: z.record(z.string(), z.string()),
  facts: z.record(z.string(), z.unknown()),
});

/** What `mine` left in its folder. */
export interface Candidates {
  readonly run: Run;
  /** The encoder's similarity by query and passage; undefined when there was no encoder. */
  readonly similarities: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  /** How they were mined, for the manifest; empty for a run of another tool. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface ReadCandidatesOptions {
  /** Ids and hash of the corpus that they must be of. */
  readonly corpusIds: { has(id: string): boolean };
  readonly corpusSha256: string;
}

/**
 * Reads a folder of `mine`, or a TREC run of another tool (a file).
 * @throws AppError `invalid_artifact` when they were mined from another corpus.
 */
export async function readCandidates(
  given: string,
  { corpusIds, corpusSha256 }: ReadCandidatesOptions,
): Promise<Candidates> {
  const file = candidatesFile(given);
  const meta = existsSync(metaPath(file)) ? await readMeta(metaPath(file)) : undefined;
  const mined = meta?.inputs["corpus"];
  if (mined !== undefined && mined !== corpusSha256) {
    throw new AppError(
      "invalid_artifact",
      `${file} was mined from a corpus with sha256 ${mined}, this one has ${corpusSha256}; mine again`,
    );
  }
  const run = await readTrecRun(file);
  for (const [queryId, passages] of run) {
    const stray = passages.find(({ id }) => !corpusIds.has(id));
    if (stray !== undefined) {
      throw new AppError(
        "invalid_artifact",
        `${file}: candidate "${stray.id}" of query "${queryId}" is not in the corpus; is it another corpus?`,
      );
    }
  }
  const companion = path.join(path.dirname(file), "similarities.trec");
  const similarities = existsSync(companion) ? byPassage(await readTrecRun(companion)) : undefined;
  return { run, similarities, facts: meta?.facts ?? {} };
}

/**
 * The options that `mine` was given for these candidates.
 * @throws AppError `invalid_request` for a run of another tool, which does not say.
 */
export async function readMiningOptions(given: string): Promise<Readonly<Record<string, unknown>>> {
  const meta = metaPath(candidatesFile(given));
  if (!existsSync(meta)) {
    throw new AppError("invalid_request", `${meta} is not there: only candidates of \`mine\` can be mined again`);
  }
  return (await readMeta(meta)).options;
}

function candidatesFile(given: string): string {
  return given.endsWith(".trec") ? given : path.join(given, "candidates.trec");
}

function byPassage(run: Run): ReadonlyMap<string, ReadonlyMap<string, number>> {
  return new Map(
    [...run].map(([queryId, passages]) => [queryId, new Map(passages.map(({ id, score }) => [id, score]))] as const),
  );
}

async function readMeta(file: string): Promise<z.output<typeof metaSchema>> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file}: not JSON`, { cause });
  }
  const parsed = metaSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
