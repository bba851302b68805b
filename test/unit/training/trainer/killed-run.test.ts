import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { tinyTrainingFolder } from "../../../support/tiny-training-folder.ts";

const CHILD = path.resolve(import.meta.dirname, "../../../support/training-child.ts");

/** Runs the child until it waits and kills it there, or until it ends. Returns what it said. */
async function trainUntil(argv: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CHILD, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (piece: Buffer) => {
    said += piece.toString();
    if (said.includes("waiting")) {
      child.kill("SIGKILL");
    }
  });
  await once(child, "close");
  return said;
}

test("a run that is killed in a step and in its checkpoints ends with the same bits", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  await tinyTrainingFolder(folder);
  const [whole, killed] = [path.join(folder, "whole"), path.join(folder, "killed")];
  // Steps 1 to 8, a checkpoint of four files before the first step and after every second one.
  const [reference] = await Promise.all([
    trainUntil([folder, whole]),
    (async () => {
      expect(await trainUntil([folder, killed, "step", "4"])).toBe("waiting\n");
      expect(await trainUntil([folder, killed, "file", "2"])).toBe("waiting\n");
      expect(await readdir(killed)).toContainEqual(expect.stringMatching(/^checkpoint-000004\.\d+\.tmp$/u));
      expect(await trainUntil([folder, killed])).toBe("done after 6 batches\n");
    })(),
  ]);
  expect(reference).toBe("done after 8 batches\n");
  expect((await readdir(killed)).toSorted()).toEqual(["checkpoint-000008", "metrics.jsonl"]);
  for (const file of ["weights.safetensors", "optimizer.safetensors"]) {
    const [a, b] = [whole, killed].map((output) => readFile(path.join(output, "checkpoint-000008", file)));
    expect((await a)?.equals((await b) ?? Buffer.alloc(0)), file).toBe(true);
  }
});
