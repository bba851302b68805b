import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { checkTrecIds, readTrecRun, toTrecRun } from "../../../../training/artifacts/trec.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("TREC runs", () => {
  it("are read back as they were written", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "run.trec");
    const run = new Map([
      [
        "q1",
        [
          { id: "a", score: 0.75 },
          { id: "b", score: -1e-7 },
        ],
      ],
      ["q2", [{ id: "c", score: 3 }]],
    ]);
    const lines = [...toTrecRun(run, "tag")];
    expect(lines[0]).toBe("q1 Q0 a 1 0.75 tag\n");
    await writeFile(file, lines.join(""));
    expect(await readTrecRun(file)).toEqual(run);
  });

  it("are ordered by score, whatever their ranks and lines say", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "run.trec");
    await writeFile(file, "q Q0 a 1 0.1 t\nq Q0 b 2 0.9 t\nq Q0 c 3 0.1 t\n");
    expect((await readTrecRun(file)).get("q")?.map(({ id }) => id)).toEqual(["b", "a", "c"]);
  });

  it("are refused for ids with white space, which would shift their columns", ({ expect }) => {
    const query = [{ id: "q" }];
    expect(() => checkTrecIds(query, [{ id: "a" }])).not.toThrow();
    expect(() => checkTrecIds(query, [{ id: "a" }, { id: "b\tc" }])).toThrow(/passage "b\\tc" holds white space/u);
    expect(() => checkTrecIds([{ id: "q 1" }], [])).toThrow(/query "q 1" holds white space/u);
    expect(() => [...toTrecRun(new Map([["q", [{ id: "b c", score: 1 }]]]), "t")]).toThrow(/passage "b c"/u);
  });

  it.for([
    ["q Q0 a 1\n", /:1: expected "query Q0 passage rank score tag"/u],
    ["q Q0 a 1 high t\n", /:1: expected/u],
    ["q Q0 a 1 2 t\nq Q0 a 2 1 t\n", /:2: passage "a" appears twice for query "q"/u],
  ] as const)("%j is refused", async ([content, message], { expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "run.trec");
    await writeFile(file, content);
    await expect(readTrecRun(file)).rejects.toThrow(message);
  });
});
