import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { isProcessAlive } from "./process-alive.ts";

/**
 * Runs `work` while this process is the only one to write a folder. A lock whose process died is taken over.
 * @throws AppError `invalid_artifact` when a living process holds it.
 */
export async function withFolderLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const file = path.join(folder, "writer.lock");
  await mkdir(folder, { recursive: true });
  await takeLock(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function takeLock(file: string): Promise<void> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      throw error;
    }
    const holder = Number(await readFile(file, "utf8"));
    if (isProcessAlive(holder)) {
      throw new AppError(
        "invalid_artifact",
        `${path.dirname(file)} is being written by process ${holder}; wait for it, or remove ${file} when it is not`,
        { cause: error },
      );
    }
    await rm(file, { force: true });
    await takeLock(file);
  }
}
