import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A fresh folder, removed with all in it by the clean-up that is registered: pass the test context's `onTestFinished`. */
export async function temporaryFolder(onTestFinished: (cleanUp: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
