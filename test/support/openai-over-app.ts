import OpenAI from "openai";
import type { AppOverFakes } from "./app-over-fakes.ts";

/** OpenAI's own client, talking to an app in this process. Without retries, so that a test sees what was answered. */
export function openAiOverApp({ fetch }: Pick<AppOverFakes, "fetch">, apiKey = "alpha"): OpenAI {
  return new OpenAI({
    apiKey,
    baseURL: "http://worker.test/v1",
    maxRetries: 0,
    fetch: async (url, init) => await fetch(url instanceof Request ? url.url : url, init),
  });
}
