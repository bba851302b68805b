import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { fitFusionCommand } from "../../../../training/commands/fit-fusion.ts";
import { writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const COUNTRIES = [
  "Mali",
  "Chad",
  "Niger",
  "Ghana",
  "Togo",
  "Benin",
  "Gabon",
  "Kenya",
  "Sudan",
  "Egypt",
  "Libya",
  "Angola",
];

async function world(onTestFinished: Parameters<typeof temporaryFolder>[0]) {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(folder, {
    "corpus.jsonl": COUNTRIES.map((name, index) => ({
      _id: name,
      title: name,
      text: `${name} exports goods worth ${index + 3} billion dollars a year. The capital of ${name} has ${index + 1} airports near the old town.`,
    })),
    "queries.jsonl": [
      ...COUNTRIES.map((name) => ({ _id: `log-${name}`, text: `airports of ${name}`, split: "train" })),
      { _id: "kept", text: "what is kept for the test", split: "test" },
    ],
  });
  const output = path.join(folder, "fusion.json");
  const fit = async (given: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const context = fakeContext();
    const flags = { data: folder, output, cache: path.join(folder, "cache"), json: true };
    await fitFusionCommand.execute({ ...flags, ...given }, context);
    return JSON.parse(context.printed.join("\n"));
  };
  return { folder, output, fit };
}

describe("fit-fusion without judgments", () => {
  it("needs nothing but a corpus, and stores what it finds", async ({ expect, onTestFinished }) => {
    const { output, fit } = await world(onTestFinished);
    const found = await fit({ from: "passages", limit: 8 });
    expect(found).toMatchObject({ from: "passages", questions: 8, fusion: { method: "convex", adapt: 1 } });
    const stored: unknown = JSON.parse(await readFile(output, "utf8"));
    expect(stored).toEqual((found as { fusion: unknown }).fusion);
    const meta: unknown = JSON.parse(await readFile(`${output}.meta.json`, "utf8"));
    expect(meta).toMatchObject({ stage: "fit-fusion", facts: { questions: 8 } });
  });

  it("looks at the questions of a log", async ({ expect, onTestFinished }) => {
    const { fit } = await world(onTestFinished);
    expect(await fit({ from: "questions", split: "train" })).toMatchObject({ questions: COUNTRIES.length });
  });

  it.for([
    [{ from: "questions" }, /--split is required, but for --from passages/u],
    [{ from: "questions", split: "test" }, /report their luck/u],
    [{ from: "judgments", split: "test" }, /report their luck/u],
    [{ from: "questions", split: "train", heldOut: ["NAME"] }, /is held out/u],
  ] as const)("refuses %j", async ([given, message], { expect, onTestFinished }) => {
    const { folder, fit } = await world(onTestFinished);
    const heldOut = "heldOut" in given ? { heldOut: [path.basename(folder)] } : {};
    await expect(fit({ ...given, ...heldOut })).rejects.toThrow(message);
  });
});
