import type { GenerateRequest, GenerationEvent, TargetLm } from "../../src/generation/target-lm.ts";

/** A request of which only the interesting part is given. */
export function generateRequest(request: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    messages: [{ role: "user", content: "How long is Canada's coast?" }],
    query: "How long is Canada's coast?",
    passages: [],
    stream: true,
    parameters: {},
    ...request,
  };
}

/** All events of a target LM's answer. */
export async function generate(
  target: TargetLm,
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<GenerationEvent[]> {
  return await Array.fromAsync(target.generate(generateRequest(request), { signal }));
}

/** The text of a choice. */
export function textOf(events: readonly GenerationEvent[], choice = 0): string {
  return events.map((event) => (event.type === "text-delta" && event.choice === choice ? event.text : "")).join("");
}
