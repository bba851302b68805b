import { availableParallelism } from "node:os";
import path from "node:path";
import { formatTable } from "../../training/format-table.ts";
import { createProgress } from "../../training/progress.ts";
import { IN_CORPUS_PARTS, IN_CORPUS_SETS } from "../../training/reproduction/in-corpus/sets.ts";
import type { InCorpusName, InCorpusPart } from "../../training/reproduction/in-corpus/sets.ts";
import { writeQuestions } from "../../training/reproduction/in-corpus/write-questions.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { COHORTS } from "./in-corpus/cohorts.ts";
import type { CohortName } from "./in-corpus/cohorts.ts";
import { IN_CORPUS_CONDITIONS } from "./in-corpus/conditions.ts";
import type { ConditionLabel } from "./in-corpus/conditions.ts";
import { RECIPES } from "./in-corpus/recipes.ts";
import type { RecipeName } from "./in-corpus/recipes.ts";
import { formatRecord, writeRecord } from "./in-corpus/report.ts";
import { runSet } from "./in-corpus/run-set.ts";
import { writeSummary } from "./in-corpus/summary-page.ts";

const USAGE = `Adaptation inside a corpus, for ${Object.keys(IN_CORPUS_SETS).join(", ")}:

  node scripts/experiments/in-corpus.ts questions --data DIR [--work DIR]      cut the questions, and list those to label
  node scripts/experiments/in-corpus.ts run --data DIR --encoder DIR [options] train and measure
  node scripts/experiments/in-corpus.ts report [--docs DIR]                    report.html and gains.svg of the records

  --only SET          one or more; default all
  --parts dev|test|A,B  what is measured on; default dev: settings are chosen there
  --conditions A,B    default all: ${Object.keys(IN_CORPUS_CONDITIONS).join(", ")}
  --recipes A,B       default linear: ${Object.keys(RECIPES).join(", ")}
  --cohort NAME       training questions that are compared: free (default: labelled without answers), gold (by both signals),
                      gold-alone, every (self-answers too), human (all that were mined)
  --questions N       of the cohort at most, the first by a hash of their ids
  --stop-on-dev       hold out a tenth of the examples by passage, stop on it and blend with the base
  --labels DIR        default training/labels
  --work DIR          what is made and reused; default .aar/in-corpus
  --docs DIR          records, with --parts test; default docs/experiments/in-corpus
  --limit N           training questions that are mined, default 1500
  --threads N`;

/** See USAGE. Everything made is kept in the work folder: the same command goes on where it was. */
async function main(): Promise<void> {
  const { values, positionals } = parseScriptFlags(
    {
      allowPositionals: true,
      options: {
        data: { type: "string" },
        encoder: { type: "string" },
        only: { type: "string", multiple: true },
        parts: { type: "string", default: "dev" },
        conditions: { type: "string" },
        recipes: { type: "string", default: "linear" },
        cohort: { type: "string", default: "free" },
        questions: { type: "string" },
        "stop-on-dev": { type: "boolean", default: false },
        labels: { type: "string", default: "training/labels" },
        work: { type: "string", default: ".aar/in-corpus" },
        docs: { type: "string", default: "docs/experiments/in-corpus" },
        limit: { type: "string", default: "1500" },
        threads: { type: "string", default: String(availableParallelism()) },
      },
    },
    USAGE,
  );
  const [action] = positionals;
  const { data, encoder, work, docs, parts } = values;
  const sets = namesOf(IN_CORPUS_SETS, values.only);
  if (action === "questions" && data !== undefined) {
    await writeAllQuestions(sets, { data, work });
    return;
  }
  if (action === "report") {
    process.stdout.write(`${await writeSummary(docs)}\n`);
    return;
  }
  if (action !== "run" || data === undefined || encoder === undefined) {
    throw new Error(USAGE);
  }
  const measured = partsOf(parts);
  const conditions = namesOf<ConditionLabel>(IN_CORPUS_CONDITIONS, values.conditions?.split(","));
  const recipes = namesOf<RecipeName>(RECIPES, values.recipes.split(","));
  const [cohort = "free"] = namesOf<CohortName>(COHORTS, [values.cohort]);
  for (const set of sets) {
    const record = await runSet(set, {
      data,
      encoderFolder: encoder,
      work,
      labels: values.labels,
      limit: Number(values.limit),
      cohort: { name: cohort, questions: values.questions === undefined ? undefined : Number(values.questions) },
      threads: Number(values.threads),
      stopsOnDev: values["stop-on-dev"],
      parts: measured,
      cells: recipes.flatMap((recipe) => conditions.map((condition) => ({ condition, recipe }))),
      log: (text) => {
        process.stderr.write(`${text}\n`);
      },
      progress: (options) => createProgress({ ...options, stream: process.stderr }),
      signal: new AbortController().signal,
    });
    if (measured.every((part) => part.startsWith("test"))) {
      await writeRecord(docs, record);
    }
    process.stdout.write(`${formatRecord(record)}\n\n`);
  }
}

async function writeAllQuestions(
  sets: readonly InCorpusName[],
  { data, work }: { readonly data: string; readonly work: string },
): Promise<void> {
  const rows: string[][] = [];
  for (const name of sets) {
    const counts = await writeQuestions({
      set: IN_CORPUS_SETS[name],
      data,
      output: path.join(work, name, "questions"),
    });
    rows.push([name, ...IN_CORPUS_PARTS.map((part) => String(counts[part]))]);
  }
  process.stdout.write(`questions\n${formatTable(["set", ...IN_CORPUS_PARTS], rows)}\n`);
}

/** All parts of a kind, or those that are named. */
function partsOf(parts: string): readonly InCorpusPart[] {
  const table = Object.fromEntries(IN_CORPUS_PARTS.map((part) => [part, true])) as Record<InCorpusPart, true>;
  const ofKind = IN_CORPUS_PARTS.filter((part) => part.startsWith(`${parts}-`));
  return ofKind.length > 0 ? ofKind : namesOf(table, parts.split(","));
}

/** Those asked for, in the order of the table; all when none are. */
function namesOf<Name extends string>(
  table: Readonly<Record<Name, unknown>>,
  wanted: readonly string[] | undefined,
): Name[] {
  const known = Object.keys(table) as Name[]; // Object.keys forgets the names
  const stray = wanted?.find((name) => !known.some((one) => one === name));
  if (stray !== undefined) {
    throw new Error(`no "${stray}"; there are ${known.join(", ")}\n\n${USAGE}`);
  }
  return known.filter((name) => wanted === undefined || wanted.includes(name));
}

await main();
