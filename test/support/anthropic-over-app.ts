import Anthropic from "@anthropic-ai/sdk";
import type { AppOverFakes } from "./app-over-fakes.ts";

/** Anthropic's own client, talking to an app in this process. Without retries, so that a test sees what was answered. */
export function anthropicOverApp({ fetch }: Pick<AppOverFakes, "fetch">, apiKey = "alpha"): Anthropic {
  return new Anthropic({
    apiKey,
    baseURL: "http://worker.test",
    maxRetries: 0,
    fetch: async (url, init) => await fetch(url instanceof Request ? url.url : url, init),
  });
}
