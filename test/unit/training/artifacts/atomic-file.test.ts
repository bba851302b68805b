import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { removeStaleTemporaries, writeFileAtomic } from "../../../../training/artifacts/atomic-file.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("writeFileAtomic", () => {
  it("writes texts and bytes in their order, making folders, and returns the bytes", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "a/b/c.txt");
    const pieces = ["é", new Uint8Array([0x21]), "x".repeat(2_000_000), "end"];
    expect(await writeFileAtomic(file, pieces)).toBe(2 + 1 + 2_000_000 + 3);
    const written = await readFile(file, "utf8");
    expect([written.slice(0, 3), written.slice(-4)]).toEqual(["é!x", "xend"]);
  });

  it("leaves the old file and nothing else when the content fails half-way", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const file = path.join(folder, "x.txt");
    await writeFile(file, "old");
    const failing = (function* () {
      yield "new".repeat(1_000_000);
      throw new Error("no more");
    })();
    await expect(writeFileAtomic(file, failing)).rejects.toThrow("no more");
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["x.txt"]);
  });

  it("says what helps when the disk refuses", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeFile(path.join(folder, "file"), "");
    await expect(writeFileAtomic(path.join(folder, "file/inside.txt"), "x")).rejects.toMatchObject({
      code: "invalid_artifact",
      message: expect.stringMatching(
        /^cannot write .*inside\.txt: (?:ENOTDIR|EEXIST).*; move what stands in the way and run/u,
      ),
    });
    await mkdir(path.join(folder, "folder"));
    await expect(writeFileAtomic(path.join(folder, "folder"), "x")).rejects.toThrow(/EISDIR.*; move what stands/u);
    expect((await readdir(folder)).toSorted()).toEqual(["file", "folder"]);
  });

  it("two writers of one file leave one of the two, whole", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.txt");
    const contents = ["a".repeat(3_000_000), "b".repeat(3_000_000)];
    await Promise.all(contents.map((content) => writeFileAtomic(file, content)));
    expect(contents).toContain(await readFile(file, "utf8"));
  });
});

describe("removeStaleTemporaries", () => {
  it("removes what dead processes left, and nothing else", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    const kept = [`x.${process.pid}-1.tmp`, "x.bin", "notes.tmp"];
    for (const name of [...kept, `x.${dead}-1.tmp`]) {
      await writeFile(path.join(folder, name), "");
    }
    await removeStaleTemporaries(folder);
    expect((await readdir(folder)).toSorted()).toEqual(kept.toSorted());
  });
});
