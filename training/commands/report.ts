import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { prepareExperiment, reportOf } from "../adapt/prepare-experiment.ts";
import { readStageRecord } from "../adapt/stage-record.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { defineCommand } from "../define-command.ts";
import { renderReport } from "../report/render-report.ts";
import { findCommand } from "./find-command.ts";

/** `aar report`: see the description below and `renderReport`. */
export const reportCommand = defineCommand({
  summary: "one page from an experiment's artifacts: tables, tests, plots, examples, costs",
  description: `Self-contained HTML without scripts, for screens light and dark and for paper. Also of an experiment that is not finished: it
shows what there is. Rows are compared with the base by a paired permutation test and a bootstrap over questions, corrected by Holm.`,
  examples: ["report --experiment my-docs/experiment.json --output report.html"],
  options: z.strictObject({
    experiment: z.string().meta({ placeholder: "file", description: "the experiment file of `adapt`" }),
    work: z.string().optional().meta({ placeholder: "dir", description: "its folder; default .aar/<name>" }),
    output: z.string().optional().meta({ placeholder: "file", description: "default <work>/report.html" }),
  }),
  async run({ experiment: file, work, output }, { print }) {
    const prepared = await prepareExperiment({ file, work, cache: ".aar/cache", findCommand });
    const records = await Promise.all(prepared.stages.map(({ id }) => readStageRecord(prepared.work, id)));
    const done = records.filter((record) => record !== undefined);
    if (done.length === 0) {
      throw new AppError(
        "invalid_artifact",
        `${prepared.work} has no finished stage; run \`npm run aar -- adapt --experiment ${file}\` first`,
      );
    }
    const report = output ?? path.join(prepared.work, "report.html");
    const bytes = await writeFileAtomic(report, await renderReport(await reportOf(prepared, done)));
    print(JSON.stringify({ report, bytes, stages: done.length, planned: prepared.stages.length }, undefined, 2));
  },
});
