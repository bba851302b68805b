import { afterAll, beforeAll } from "vitest";
import { type ScriptedLm, startScriptedLm } from "../../scripts/local-worker/scripted-lm.ts";
import {
  answerAfter,
  answerBefore,
  beginAnswers,
  type BegunAnswers,
  describeAnswers,
  RATE_TIERS,
} from "./interrupted/answers.ts";
import { beginIngestion, type BegunIngestion, describeIngestion } from "./interrupted/ingestion.ts";
import { createMortalWorker, type MortalWorker, PATIENCE_MS } from "./interrupted/mortal-worker.ts";

interface World {
  readonly worker: MortalWorker;
  readonly upstream: ScriptedLm;
  readonly ingestion: BegunIngestion;
  readonly answers: BegunAnswers;
}

// One Worker that is killed in the middle of everything, and started again: what follows is mostly waiting.
let world: World;
beforeAll(async () => {
  let isRestarted = false;
  const upstream = await startScriptedLm((question) => (isRestarted ? answerAfter() : answerBefore(question)));
  const worker = await createMortalWorker({
    TARGET_LMS: JSON.stringify({ lm: { provider: "openai-compatible", model: "lm", base_url: upstream.baseUrl } }),
    DEFAULT_MODEL: "lm",
    RATE_TIERS,
  });
  await worker.start();
  const ingestion = await beginIngestion(worker);
  const answers = await beginAnswers(worker);
  await worker.kill();
  isRestarted = true;
  await worker.start();
  world = { worker, upstream, ingestion, answers };
}, PATIENCE_MS);
afterAll(async () => {
  await world.worker.close();
  await world.upstream.close();
});

describeIngestion(() => world);
describeAnswers(() => world);
