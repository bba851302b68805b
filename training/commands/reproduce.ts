import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { sha256File } from "../artifacts/meta.ts";
import { defineCommand } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import { checkCell, checkFile } from "../reproduction/check-cells.ts";
import type { CheckedLine } from "../reproduction/check-cells.ts";
import { readExpectedValues, writeExpectedValues } from "../reproduction/expected-values.ts";
import type { ExpectedModel, ExpectedValues } from "../reproduction/expected-values.ts";
import { REPRODUCED_SETS } from "../reproduction/judged-sets.ts";
import { cellKey, measureModel } from "../reproduction/measure-model.ts";
import type { Measured } from "../reproduction/measure-model.ts";

const PROJECT = path.resolve(import.meta.dirname, "../..");
const EXPECTED = path.join(PROJECT, "training/reproduction/expected.json");

const options = z.strictObject({
  data: z.string().optional().meta({
    placeholder: "dir",
    description: "folder with the data sets; without it only the files and what the demo tells are checked",
  }),
  only: z.array(z.string()).default([]).meta({ placeholder: "list", description: "sets; default all that are there" }),
  models: z.array(z.string()).default([]).meta({ placeholder: "list", description: "default all" }),
  vectors: z.string().optional().meta({
    placeholder: "dir",
    description: "folder with vectors of `encode`, named as the corpora, instead of encoding those",
  }),
  cache: z.string().default(".aar/cache").meta({ placeholder: "dir", description: "encodings, by content hash" }),
  expected: z.string().default(EXPECTED).meta({ placeholder: "file", description: "default: the committed table" }),
  write: z.boolean().default(false).describe("after shipping another encoder: write what was measured into the table"),
  threads: z.int().min(1).max(256).default(availableParallelism()),
  json: z.boolean().default(false).describe("print one JSON object"),
});
type Options = z.output<typeof options>;

/** `aar reproduce`: do the shipped encoders and adapters still reach what they did? */
export const reproduceCommand = defineCommand({
  summary: "check the shipped encoders and adapters against the values they are known to reach",
  description: `Hashes of the shipped files, and retrieval measures of each model on test sets, cell by cell: OK, FAIL, or "no data"
where the folder of a set is not there. Passages are encoded once and cached; the rest takes minutes. Fails when a cell does.

--data has folders in BEIR layout: nfcorpus, fairytaleqa, bioasq_7b_11b, wiki_all, msmarco_dl19_dl20, squadshifts_reddit, squadshifts_amazon.
The sets factbook-seen and factbook-unseen need none: the demo's passages and questions are made here. Sets named …-seen and …-unseen have
questions about passages that training of their corpus' adapter may see, and about others.

A model is an entry of training/reproduction/expected.json: its encoder's folder, a query adapter's file ("adapter") where it has one, the
hashes of its files, and cells of set, mode and measure. Another adapter is another entry; --write fills in hashes and values.`,
  examples: [
    "reproduce",
    "reproduce --data ../data --only nfcorpus,bioasq",
    "reproduce --data ../data --vectors .aar/vectors --json",
  ],
  options,
  async run(given, { print, log, progress, signal }) {
    const expected = await readExpectedValues(given.expected);
    if (given.data !== undefined && !existsSync(given.data)) {
      throw new AppError(
        "invalid_request",
        `--data: there is no folder ${given.data}; expected one with the data sets`,
      );
    }
    const lines: CheckedLine[] = [];
    const found = new Map<string, Found>();
    for (const model of chosenModels(expected, given)) {
      const files = await hashFiles(model);
      const measured = await measureModel(model, {
        ...given,
        project: PROJECT,
        sets: REPRODUCED_SETS,
        data: given.data,
        vectors: given.vectors,
        questions: expected.questions,
        progress,
        signal,
      });
      lines.push(
        ...Object.entries(model.files).map(([file, hash]) =>
          checkFile(model.name, file, { expected: hash, got: files[file] }),
        ),
        ...model.cells.map((cell) =>
          checkCell(model.name, cell, { measured: measured.get(cellKey(cell)), tolerance: expected.tolerance }),
        ),
      );
      found.set(model.name, { files, measured });
    }
    if (given.write) {
      const models = expected.models.map((model) => withFound(model, found.get(model.name)));
      await writeExpectedValues(given.expected, { ...expected, models });
      log(`wrote ${given.expected}`);
      return;
    }
    const count = (verdict: CheckedLine["verdict"]): number => lines.filter((line) => line.verdict === verdict).length;
    const failed = count("FAIL");
    if (given.json) {
      print(JSON.stringify({ isReproduced: failed === 0, lines }, undefined, 2));
    } else {
      const rows = lines.map(({ model, what, expected: wanted, got, verdict }) => [model, what, wanted, got, verdict]);
      print(formatTable(["model", "what", "expected", "got", ""], rows));
      print(`${count("OK")} OK, ${failed} FAIL, ${count("no data")} without data`);
    }
    if (failed > 0) {
      throw new AppError(
        "invalid_artifact",
        `${failed} of ${lines.length} lines differ from ${path.relative(PROJECT, given.expected)}: a shipped file or the code on its way changed`,
      );
    }
  },
});

/** Models and cells that the flags ask for. Throws `invalid_request` for a name that is not in the table. */
function chosenModels({ models }: ExpectedValues, { models: names, only }: Options): ExpectedModel[] {
  const sets = new Set<string>(models.flatMap(({ cells }) => cells.map(({ set }) => set)));
  for (const [wanted, known, flag] of [
    [names, new Set(models.map(({ name }) => name)), "--models"],
    [only, sets, "--only"],
  ] as const) {
    const stray = wanted.find((name) => !known.has(name));
    if (stray !== undefined) {
      throw new AppError("invalid_request", `${flag}: there is no "${stray}"; there are ${[...known].join(", ")}`);
    }
  }
  return models
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((model) => ({ ...model, cells: model.cells.filter(({ set }) => only.length === 0 || only.includes(set)) }));
}

async function hashFiles({ files }: ExpectedModel): Promise<Readonly<Record<string, string>>> {
  const there = Object.keys(files).filter((file) => existsSync(path.join(PROJECT, file)));
  return Object.fromEntries(
    await Promise.all(there.map(async (file) => [file, await sha256File(path.join(PROJECT, file))] as const)),
  );
}

interface Found {
  /** sha256 by path in the project, of the files that are there. */
  readonly files: Readonly<Record<string, string>>;
  readonly measured: Measured;
}

/** Values are written so; the tolerance is far above. */
const DIGITS = 1e4;

/** The model with what was found; what was not looked at stays. */
function withFound(model: ExpectedModel, found: Found | undefined): ExpectedModel {
  if (found === undefined) {
    return model;
  }
  const cells = model.cells.map((cell) => {
    const value = found.measured.get(cellKey(cell));
    return value === undefined ? cell : { ...cell, value: Math.round(value * DIGITS) / DIGITS };
  });
  return { ...model, files: { ...model.files, ...found.files }, cells };
}
