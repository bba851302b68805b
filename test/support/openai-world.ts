import OpenAI from "openai";
import { ANTHROPIC_SCRIPTS } from "./anthropic-scripts.ts";
import type { RunningWorker } from "./running-worker.ts";
import { startScriptedUpstream, type ScriptedUpstream } from "./scripted-upstream.ts";
import { SMALL_COLLECTION, uploadSmallCollection } from "./small-collection.ts";
import { startOwnWorker } from "./start-own-worker.ts";
import { UPSTREAM_SCRIPTS } from "./upstream-scripts.ts";

export const CLIENT_KEY = "client-key-1";
export const PROVIDER_KEY = "provider-key-1";

/** A running Worker in front of a scripted upstream, and the official client that talks to it. */
export interface OpenAiWorld {
  readonly worker: RunningWorker;
  readonly upstream: ScriptedUpstream;
  /** Without retries of its own, so that a test sees what the Worker answered. */
  readonly client: OpenAI;
  readonly encoderFingerprint: string;
  readonly close: () => Promise<void>;
}

/** Every script of the upstream is a model of the same name; `extractive` needs no upstream. */
export async function startOpenAiWorld(): Promise<OpenAiWorld> {
  const upstream = await startScriptedUpstream();
  const scripted = Object.keys(UPSTREAM_SCRIPTS).map((model) => [
    model,
    {
      ...(model in ANTHROPIC_SCRIPTS
        ? { provider: "anthropic", passage_format: "native" }
        : { provider: "openai-compatible" }),
      base_url: upstream.baseUrl,
      model,
      secret: "PROVIDER_KEY",
      idle_timeout_ms: 1_500,
    },
  ]);
  const worker = await startOwnWorker({
    targetLms: {
      extractive: { provider: "extractive" },
      ...Object.fromEntries(scripted),
      "with-fallback": {
        provider: "openai-compatible",
        base_url: upstream.baseUrl,
        model: "bad-key",
        secret: "PROVIDER_KEY",
        fallbacks: ["normal"],
      },
      unstreamable: {
        provider: "openai-compatible",
        base_url: upstream.baseUrl,
        model: "normal",
        secret: "PROVIDER_KEY",
        can_stream: false,
      },
      unreachable: { provider: "openai-compatible", base_url: "http://127.0.0.1:9/v1", model: "any" },
    },
    vars: { DEFAULT_COLLECTION: SMALL_COLLECTION, API_KEYS: `other-key, ${CLIENT_KEY}`, PROVIDER_KEY },
  });
  const encoderFingerprint = await uploadSmallCollection(worker.url, { key: CLIENT_KEY });
  return {
    worker,
    upstream,
    client: new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${worker.url}/v1`, maxRetries: 0 }),
    encoderFingerprint,
    close: async () => {
      await worker.close();
      await upstream.close();
    },
  };
}
