import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { writeDemoCorpus } from "../../scripts/demo-corpus/demo-data.ts";
import { uploadDemo } from "../../scripts/demo-corpus/upload-demo.ts";
import { startWorker } from "./running-worker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Base URL of a Worker that holds the demo collection, one for all end-to-end tests. Do not change its collections. */
    demoUrl: string;
  }
}

/** Starts the Worker once a run, with the demo uploaded the way `npm start` does it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-demo-"));
  const { url, close } = await startWorker();
  const { file } = await writeDemoCorpus(folder);
  await uploadDemo({ url, corpus: file });
  project.provide("demoUrl", url);
  return async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
}
