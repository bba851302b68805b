import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { adaptCommand } from "../../../../training/commands/adapt.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const EXPERIMENT = {
  schemaVersion: 1,
  name: "docs",
  sets: {
    log: { data: "docs", split: "dev", role: "train" },
    held: { data: "docs", split: "test", role: "test" },
  },
  modes: ["query-adapter"],
  conditions: ["lm"],
  score: { lm: "lm.onnx" },
};

describe("adapt --dry-run", () => {
  it.for([
    ["a table", false, /^stage +state +time +LM tokens\nencode:base +new .*\nto do +\d+ +~.*k$/su],
    ["JSON with --json", true, /^\[\n {2}\{\n {4}"id": "encode:base",\n {4}"state": "new",.*\]$/su],
  ] as const)(
    "prints the plan once, as %s, and runs and writes nothing",
    async ([, json, printed], { expect, onTestFinished }) => {
      const folder = await temporaryFolder(onTestFinished);
      await mkdir(path.join(folder, "docs"));
      await writeBeirFolder(path.join(folder, "docs"), SMALL_BEIR);
      await writeFile(path.join(folder, "lm.onnx"), "an LM");
      const experiment = path.join(folder, "experiment.json");
      await writeFile(experiment, JSON.stringify(EXPERIMENT));
      const context = fakeContext();
      const work = path.join(folder, "work");
      await adaptCommand.execute({ experiment, work, dryRun: true, json }, context);
      expect(context.printed.join("\n")).toMatch(printed);
      expect(context.logged).toEqual([]);
      expect(existsSync(work)).toBe(false);
    },
  );
});
