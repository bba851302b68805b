import { APIError } from "openai";
import type { Chunk } from "../../support/chat-chunks.ts";
import type { OpenAiWorld } from "../../support/openai-world.ts";
import type { UpstreamScriptName } from "../../support/upstream-scripts.ts";

export const messages = [{ role: "user" as const, content: "Which country has the longest coastline?" }];

/** The chunks of a streamed answer of that model. */
export async function streamOf({ client }: OpenAiWorld, model: string, more: object = {}): Promise<Chunk[]> {
  return await Array.fromAsync(await client.chat.completions.create({ model, messages, stream: true, ...more }));
}

/** What the client throws while it reads the stream of that model. */
export async function failureOf(world: OpenAiWorld, model: UpstreamScriptName | "unreachable"): Promise<APIError> {
  try {
    await streamOf(world, model);
  } catch (error) {
    if (error instanceof APIError) {
      return error;
    }
    throw error;
  }
  throw new Error(`the stream of "${model}" ended as if it were complete`);
}
