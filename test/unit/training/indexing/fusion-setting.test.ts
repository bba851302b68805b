import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import type { FusionSettings } from "../../../../src/retrieval/types.ts";
import { formatFusion, readFusion, toWireFusion } from "../../../../training/indexing/fusion-setting.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const SETTINGS: readonly FusionSettings[] = [
  { method: "rrf", rrfK: 60 },
  { method: "convex", weight: 0.35, normalization: "min-max" },
  { method: "convex", weight: 1, normalization: "theoretical" },
  { method: "convex", weight: 0.75, normalization: "theoretical", adapt: 1 },
];

describe("fusion settings", () => {
  it.for(SETTINGS)("%j survives its short form and its file", async (fusion, { expect, onTestFinished }) => {
    expect(await readFusion(formatFusion(fusion))).toEqual(fusion);
    const file = path.join(await temporaryFolder(onTestFinished), "fusion.json");
    await writeFile(file, JSON.stringify(toWireFusion(fusion)));
    expect(await readFusion(file)).toEqual(fusion);
  });

  it.for([
    ["rrf:x", /expected rrf:K or convex/u],
    ["rrf:60:1", /expected rrf:K or convex/u],
    ["convex:1.5", /weight 0\.\.1/u],
    ["convex:0.5:theoretical:3", /adapt 0\.\.2/u],
    ["convex:0.5:zscore", /expected rrf:K or convex/u],
    ["/nowhere/fusion.json", /neither rrf:K, convex.* nor a readable file/u],
  ] as const)("%s is refused", async ([given, message], { expect }) => {
    await expect(readFusion(given)).rejects.toThrow(message);
  });
});
