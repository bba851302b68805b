import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { writeDemoCorpus } from "../../scripts/demo-corpus/demo-data.ts";
import { uploadDemo } from "../../scripts/demo-corpus/upload-demo.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers when the demo's Worker is up: with its base URL, or with why there is none. See demo-url.ts. */
    demoGate: string;
  }
}

/**
 * Starts the Worker once a run, with the demo uploaded the way `npm start` does it. Nobody waits for that here: the other
 * projects' tests run meanwhile.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-demo-"));
  const demo = startDemo(folder);
  // The tests hear of it by the gate.
  demo.catch(() => undefined);
  const gate = await openGate(demo);
  const address = gate.address();
  project.provide("demoGate", `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
  return async () => {
    gate.close();
    const worker = await demo.catch(() => undefined);
    await worker?.close();
    await rm(folder, { recursive: true, force: true });
  };
}

async function startDemo(folder: string): Promise<RunningWorker> {
  const [worker, { file }] = await Promise.all([startWorker(), writeDemoCorpus(folder)]);
  try {
    await uploadDemo({ url: worker.url, corpus: file });
  } catch (error) {
    await worker.close();
    throw error;
  }
  return worker;
}

async function openGate(demo: Promise<RunningWorker>): Promise<Server> {
  const server = createServer((_request, response) => {
    demo.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
