import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const MODULE = pathToFileURL(path.join(import.meta.dirname, "../../../scripts/script-flags.ts")).href;
const SCRIPT = `import { parseScriptFlags } from ${JSON.stringify(MODULE)};
/**
 * Counts things:
 *
 *   node count.ts [--number 3]
 */
console.log(parseScriptFlags({ options: { number: { type: "string", default: "3" } } }).values.number);
`;

describe("parseScriptFlags", () => {
  it.for([
    { flags: ["--number", "5"], status: 0, stdout: "5\n", stderr: "" },
    { flags: [], status: 0, stdout: "3\n", stderr: "" },
    { flags: ["--help"], status: 0, stdout: "Counts things:\n\n  node count.ts [--number 3]\n", stderr: "" },
    {
      flags: ["--size", "5"],
      status: 2,
      stdout: "",
      stderr: "Unknown option '--size'\n\nCounts things:\n\n  node count.ts [--number 3]\n",
    },
  ])("answers $flags", async ({ flags, ...expected }, { expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "count.ts");
    await writeFile(file, SCRIPT);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...flags], { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual(expected);
  });
});
