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

const SMALL_QUERIES = [
  { _id: "q1", text: "which country has the longest coastline", split: "test" },
  { _id: "q3", text: "where does the Nile flow", split: "train" },
];

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

describe("adapt --data", () => {
  it("plans the default recipe without an experiment file", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const files = { ...SMALL_BEIR, "queries.jsonl": SMALL_QUERIES };
    await writeBeirFolder(folder, files);
    const context = fakeContext();
    const lm = path.join(folder, "lm.onnx");
    await writeFile(lm, "an LM");
    const work = path.join(folder, "work");
    await adaptCommand.execute({ data: folder, lm, work, dryRun: true }, context);
    expect(context.printed.join("\n")).toMatch(/^train:lm:query-adapter +waits .*^evaluate:test:lm-query-adapter/msu);
    expect(existsSync(work)).toBe(false);
  });

  it.for([
    ["no LM", { data: "docs" }, /give --data and --lm .* or --experiment/u],
    ["a file as well", { data: "docs", experiment: "e.json" }, /--data stands in the experiment file/u],
  ] as const)("with %s says what to give", async ([, given, message], { expect }) => {
    await expect(adaptCommand.execute(given, fakeContext())).rejects.toThrow(message);
  });
});
