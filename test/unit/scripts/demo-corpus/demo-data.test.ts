import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { DEMO_VECTORS, findDemoDrift, writeDemoCorpus } from "../../../../scripts/demo-corpus/demo-data.ts";
import { loadVectorSet } from "../../../../training/artifacts/vector-set.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("the demo's committed vectors", () => {
  it("belong to the corpus that the scripts make and to the default encoder", async ({ expect, onTestFinished }) => {
    const { sha256, count } = await writeDemoCorpus(await temporaryFolder(onTestFinished));
    expect(await findDemoDrift(sha256)).toBeUndefined();
    const { ids, facts } = await loadVectorSet(DEMO_VECTORS);
    expect(ids.length).toBe(count);
    expect(facts.dtype).toBe("int8");
  });

  it("are refused for another corpus, another encoder, or when they are missing", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    expect(await findDemoDrift("0".repeat(64))).toContain("the scripts now make 000000000000");
    expect(await findDemoDrift("0".repeat(64), folder)).toContain("no vectors");
    await cp(DEMO_VECTORS, folder, { recursive: true });
    const meta = path.join(folder, "vectors.meta.json");
    const text = await readFile(meta, "utf8");
    await writeFile(
      meta,
      text.replace(/"encoderFingerprint": "[0-9a-f]{64}"/u, `"encoderFingerprint": "${"f".repeat(64)}"`),
    );
    expect(await findDemoDrift("0".repeat(64), folder)).toContain("made by encoder ffffffffffff");
  });
});
