import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { writeDemoCorpus } from "../../scripts/demo-corpus/demo-data.ts";
import { uploadDemo } from "../../scripts/demo-corpus/upload-demo.ts";
import { type PreparedWorker, prepareWorker } from "./prepared-worker.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers when what it is asked for is ready, or with why it will not be. See run-gate.ts. */
    runGate: string;
  }
}

/**
 * Prepares the Worker once a run, and starts one with the demo uploaded the way `npm start` does it. Nobody waits for that
 * here: the other projects' tests run meanwhile.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-run-"));
  const prepared = prepareWorker(folder);
  const demo = prepared.then((ready) => startDemo(ready, folder));
  // The tests hear of it by the gate.
  demo.catch(() => undefined);
  const gate = await openGate({
    "/prepared": prepared.then((ready) => JSON.stringify(ready)),
    "/demo": demo.then(({ url }) => url),
  });
  const address = gate.address();
  project.provide("runGate", `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
  return async () => {
    gate.close();
    const worker = await demo.catch(() => undefined);
    await worker?.close();
    await rm(folder, { recursive: true, force: true });
  };
}

async function startDemo(prepared: PreparedWorker, folder: string): Promise<RunningWorker> {
  const [worker, { file }] = await Promise.all([startWorker(prepared), writeDemoCorpus(folder)]);
  try {
    await uploadDemo({ url: worker.url, corpus: file });
  } catch (error) {
    await worker.close();
    throw error;
  }
  return worker;
}

async function openGate(answers: Readonly<Record<string, Promise<string>>>): Promise<Server> {
  for (const answer of Object.values(answers)) {
    answer.catch(() => undefined);
  }
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""] ?? Promise.reject(new Error(`the gate knows no ${request.url}`));
    answer.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
