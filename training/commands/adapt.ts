import path from "node:path";
import { z } from "zod";
import { defaultExperiment } from "../adapt/default-experiment.ts";
import { prepareExperiment, reportOf } from "../adapt/prepare-experiment.ts";
import { PRESETS } from "../adapt/presets.ts";
import { planStages, runStages } from "../adapt/run-stages.ts";
import type { PlannedStage } from "../adapt/run-stages.ts";
import type { Stage } from "../adapt/stage.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import { renderReport } from "../report/render-report.ts";
import { summaryTable } from "../report/summary-table.ts";
import { findCommand } from "./find-command.ts";

const presetList = Object.entries(PRESETS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`)
  .join("\n");

/** `aar adapt`: see the description below and `runStages`. */
export const adaptCommand = defineCommand({
  summary: "all stages from one experiment file: mine, score, build, train, evaluate, report; resumable",
  description: `A stage is run again only when its options or the content of its inputs changed; killed at any moment, the same command goes
on. Its records are in <work>/stages, its artifacts beside them, and what it shows in <work>/report.html. Test sets are only ever
evaluated: questions that are also trained or selected on are refused.

Every row is measured by its vectors alone and in hybrid search, the Worker's default, which may have most of a gain already; Holm's
correction is over the rows of either.

With --data and --lm there is no file to write: the edge preset trains a query adapter on split train, and measures every split
test… before and after. The file this stands for is <work>/experiment.json, to be copied and changed.

The file is JSON: schemaVersion 1, name, preset, seed, encoder, vectors, sets {name: {data, split, where, role: train|dev|test, limit}},
score {lm, …}, conditions, modes, answers {options, mode: dense|hybrid}, and options of the commands under mine, build, train, trainModes, evaluate,
quantize. Paths are relative to it. Presets:

${presetList}`,
  examples: [
    "adapt --data my-docs --lm my-lm.gguf",
    "adapt --experiment my-docs/experiment.json --dry-run",
    "adapt --experiment my-docs/experiment.json",
    "report --experiment my-docs/experiment.json --output report.html",
  ],
  options: z.strictObject({
    experiment: z.string().optional().meta({ placeholder: "file", description: "the experiment file" }),
    data: z.string().optional().meta({
      placeholder: "dir",
      description: "in place of a file, with --lm: the default recipe for this folder; splits train and test…",
    }),
    lm: z.string().optional().meta({
      placeholder: "path",
      description: "with --data: the source LM, as of `score`: an ONNX file, a GGUF file, or a server, http://…/v1",
    }),
    model: z.string().optional().meta({ placeholder: "name", description: "with a server: its name of the LM" }),
    reference: z
      .string()
      .optional()
      .meta({ placeholder: "path", description: "with --data, for an LM in int8: the same in fp32" }),
    vectors: z
      .string()
      .optional()
      .meta({ placeholder: "dir", description: "with --data: passage vectors of `encode`; default: made here" }),
    work: z.string().optional().meta({ placeholder: "dir", description: "its folder; default .aar/<name>" }),
    cache: z.string().default(".aar/cache").meta({ placeholder: "dir", description: "encodings, by content hash" }),
    dryRun: z
      .boolean()
      .default(false)
      .describe("print the plan with what is done already, time and LM tokens; run nothing"),
    json: z.boolean().default(false).describe("print JSON: the report and what was run, or the plan of --dry-run"),
  }),
  async run({ work, cache, dryRun, json, ...given }, context) {
    const { file, text } = await chooseExperiment(given, work);
    const prepared = await prepareExperiment({ file, text, work, cache, findCommand });
    const planned = await planStages(prepared);
    if (dryRun) {
      context.print(json ? toJson(planned) : describePlan(planned));
      return;
    }
    if (text !== undefined) {
      await writeFileAtomic(file, text);
    }
    context.log(describePlan(planned));
    const results = await runStages({ ...prepared, context });
    const report = path.join(prepared.work, "report.html");
    const data = await reportOf(
      prepared,
      results.map(({ record }) => record),
    );
    await writeFileAtomic(report, await renderReport(data));
    const run = results.filter(({ wasRun }) => wasRun).map(({ id }) => id);
    context.print(
      json
        ? JSON.stringify({ report, stages: results.length, run }, undefined, 2)
        : [
            summaryTable(data),
            `${report}\n${results.length} stages, ${run.length} of them run, ${results.length - run.length} unchanged`,
            ...howToLoad(prepared.stages),
          ].join("\n\n"),
    );
  },
});

/** Of what mode `query-adapter` makes. */
const ADAPTER_ENDING = ".safetensors";

interface GivenExperiment {
  readonly experiment?: string | undefined;
  readonly data?: string | undefined;
  readonly lm?: string | undefined;
  readonly model?: string | undefined;
  readonly reference?: string | undefined;
  readonly vectors?: string | undefined;
}

/** The experiment file, or the default one with its text. */
async function chooseExperiment(
  { experiment, data, lm, model, reference, vectors }: GivenExperiment,
  work: string | undefined,
): Promise<{ readonly file: string; readonly text?: string }> {
  if (experiment !== undefined) {
    const stray = Object.entries({ data, lm, model, reference, vectors }).find(([, value]) => value !== undefined);
    if (stray !== undefined) {
      throw new UsageError(`--${stray[0]} stands in the experiment file; give --experiment or --data, not both`);
    }
    return { file: experiment };
  }
  if (data === undefined || lm === undefined) {
    throw new UsageError("give --data and --lm for the default recipe, or --experiment for one of your own");
  }
  const { name, text } = await defaultExperiment({ data, lm, model, reference, vectors });
  return { file: path.join(work ?? path.join(".aar", name), "experiment.json"), text };
}

/** The next commands: one for each adapter that was trained. */
function howToLoad(stages: readonly Stage[]): string[] {
  const files = stages
    .flatMap(({ outputs }) => outputs["result"] ?? [])
    .filter((file) => file.endsWith(ADAPTER_ENDING));
  const commands = files.map(
    (file) =>
      `  npm run aar -- adapters load --url http://localhost:8787 --collection NAME --adapter ${path.relative("", file)}`,
  );
  return commands.length === 0
    ? []
    : [["To use one, in a running Worker with the same passages:", ...commands].join("\n")];
}

function toJson(planned: readonly PlannedStage[]): string {
  const stages = planned.map(({ stage: { id, estimate }, state }) => ({
    id,
    state,
    estimatedSeconds: Math.round(estimate.seconds),
    estimatedTokens: estimate.tokens,
  }));
  return JSON.stringify(stages, undefined, 2);
}

/** The plan as a table, with the sum of what is not done. Estimates are orders of magnitude for a small machine. */
function describePlan(planned: readonly PlannedStage[]): string {
  const open = planned.filter(({ state }) => state !== "done");
  const sum = (of: (planned: PlannedStage) => number): number => open.reduce((total, entry) => total + of(entry), 0);
  const rows = planned.map(({ stage: { id, estimate }, state }) => [
    id,
    state,
    state === "done" ? "" : `~${minutes(estimate.seconds)}`,
    state === "done" || estimate.tokens === 0 ? "" : `~${thousands(estimate.tokens)}`,
  ]);
  const all = ["to do", String(open.length), `~${minutes(sum(({ stage }) => stage.estimate.seconds))}`];
  return formatTable(
    ["stage", "state", "time", "LM tokens"],
    [...rows, [...all, `~${thousands(sum(({ stage }) => stage.estimate.tokens))}`]],
  );
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function thousands(tokens: number): string {
  return `${Math.ceil(tokens / 1000)}k`;
}
