/**
 * `npm run check:shared`: tests against reference data that is too large to be committed, made by other programs (Python's
 * transformers, ir_measures, scipy). It is looked for in the folder that `AAR_SHARED_DIR` names, or in `../shared`; SmolLM2-135M as
 * an ONNX scorer in `AAR_SMOLLM2_ONNX`, or in `.aar/smollm2-onnx`. Words after `--` choose test files by their names.
 * `npm test` neither needs it nor runs these.
 */
import { existsSync } from "node:fs";
import { startVitest } from "vitest/node";
import { SHARED_FOLDER } from "../../test/support/shared-folder.ts";

if (existsSync(SHARED_FOLDER)) {
  console.log(`Reference data: ${SHARED_FOLDER}`);
  const vitest = await startVitest("test", process.argv.slice(2), {
    config: false,
    watch: false,
    include: ["test/shared/**/*.test.ts"],
    reporters: ["verbose", "./test/support/closing-line-reporter.ts"],
    testTimeout: 60_000,
  });
  await vitest.close();
} else {
  console.log(`No reference data in ${SHARED_FOLDER} (AAR_SHARED_DIR or ../shared): nothing was checked.`);
}
