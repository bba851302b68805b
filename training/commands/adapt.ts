import path from "node:path";
import { z } from "zod";
import { prepareExperiment, reportOf } from "../adapt/prepare-experiment.ts";
import { PRESETS } from "../adapt/presets.ts";
import { planStages, runStages } from "../adapt/run-stages.ts";
import type { PlannedStage } from "../adapt/run-stages.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { defineCommand } from "../define-command.ts";
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

The file is JSON: schemaVersion 1, name, preset, seed, encoder, vectors, sets {name: {data, split, where, role: train|dev|test, limit}},
score {lm, …}, conditions, modes, answers {options}, and options of the commands under mine, build, train, trainModes, evaluate,
quantize. Paths are relative to it. Presets:

${presetList}`,
  examples: [
    "adapt --experiment my-docs/experiment.json --dry-run",
    "adapt --experiment my-docs/experiment.json",
    "report --experiment my-docs/experiment.json --output report.html",
  ],
  options: z.strictObject({
    experiment: z.string().meta({ placeholder: "file", description: "the experiment file" }),
    work: z.string().optional().meta({ placeholder: "dir", description: "its folder; default .aar/<name>" }),
    cache: z.string().default(".aar/cache").meta({ placeholder: "dir", description: "encodings, by content hash" }),
    dryRun: z
      .boolean()
      .default(false)
      .describe("print the plan with what is done already, time and LM tokens; run nothing"),
    json: z.boolean().default(false).describe("print JSON: the report and what was run, or the plan of --dry-run"),
  }),
  async run({ experiment: file, work, cache, dryRun, json }, context) {
    const prepared = await prepareExperiment({ file, work, cache, findCommand });
    const planned = await planStages(prepared);
    if (dryRun) {
      context.print(json ? toJson(planned) : describePlan(planned));
      return;
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
        : `${summaryTable(data)}\n\n${report}\n${results.length} stages, ${run.length} of them run, ${results.length - run.length} unchanged`,
    );
  },
});

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
