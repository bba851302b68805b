import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const VITEST = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const REPORTER = path.resolve(import.meta.dirname, "../../support/closing-line-reporter.ts");

describe("the closing line", () => {
  it.for([
    [
      "tests that pass, fail and are skipped",
      `it("a", () => {}); it("b", () => { throw new Error("b"); }); it.skip("c"); describe.skip("d", () => it("e", () => {}));`,
      "1 passed, 1 failed, 2 skipped",
    ],
    [
      "a failed hook and the tests it kept from running, nested ones too",
      `it("a", () => {});
       describe("b", () => {
         beforeAll(() => { throw new Error("no"); });
         it("c", () => {});
         it.skip("d", () => {});
         describe("e", () => it("f", () => {}));
       });`,
      "1 passed, 3 failed, 1 skipped",
    ],
    ["a file that cannot be loaded", `throw new Error("no");`, "0 passed, 1 failed, 0 skipped"],
    [
      "an error that no test caught",
      `it("a", async () => { void Promise.reject(new Error("no")); await new Promise((resolve) => setTimeout(resolve, 50)); });`,
      "1 passed, 1 failed, 0 skipped",
    ],
  ] as const)("counts %s", async ([, source, line], { expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeFile(path.join(folder, "a.test.js"), source);
    const argv = [VITEST, "run", `--root=${folder}`, "--globals", `--reporter=${REPORTER}`];
    const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", cwd: folder });
    expect(stdout.trimEnd().split("\n").at(-1), stderr).toBe(line);
  });
});
