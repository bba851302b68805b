import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { hashPath } from "../../../../training/adapt/hash-path.ts";
import { sha256Hex } from "../../../../training/artifacts/meta.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("hashPath", () => {
  it("is a file's sha256, and changes with a folder's names and contents, but not with locks", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await mkdir(path.join(folder, "in"));
    await writeFile(path.join(folder, "in/a"), "x");
    expect(await hashPath(path.join(folder, "in/a"))).toBe(sha256Hex("x"));
    const hashes = [await hashPath(folder)];
    await writeFile(path.join(folder, "in/b"), "x");
    hashes.push(await hashPath(folder));
    await writeFile(path.join(folder, "in/b"), "y");
    hashes.push(await hashPath(folder));
    expect(new Set(hashes).size).toBe(3);
    await writeFile(path.join(folder, "writer.lock"), "1");
    expect(await hashPath(folder)).toBe(hashes[2]);
    expect(await hashPath(path.join(folder, "missing"))).toBeUndefined();
  });
});
