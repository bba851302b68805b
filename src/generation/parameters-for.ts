import type { JsonObject } from "../shared/json.ts";
import type { GenerateRequest } from "./target-lm.ts";

/**
 * The client's parameters as a provider takes them: without `stream_options` unless a stream is asked for. A provider refuses
 * them beside `stream: false`, which is what a fallback that cannot stream is sent.
 */
export function parametersFor({ parameters, stream }: Pick<GenerateRequest, "parameters" | "stream">): JsonObject {
  const { stream_options: _, ...withoutStreamOptions } = parameters;
  return stream ? parameters : withoutStreamOptions;
}
