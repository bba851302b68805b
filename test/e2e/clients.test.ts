import { afterAll, beforeAll } from "vitest";
import { type OpenAiWorld, startOpenAiWorld } from "../support/openai-world.ts";
import { describeAiSdk } from "./clients/ai-sdk.ts";
import { describeAnthropicClient } from "./clients/anthropic.ts";
import { describeDify } from "./clients/dify.ts";
import { describeSnippets } from "./clients/documented-snippets.ts";
import { describeMcpClient } from "./clients/mcp.ts";
import { describeOpenAiChatFailures } from "./clients/openai-chat-failures.ts";
import { describeOpenAiChat } from "./clients/openai-chat.ts";
import { describeOpenAiResponses } from "./clients/openai-responses.ts";
import { describeOpenAiRest } from "./clients/openai-rest.ts";

// One running Worker for all clients: starting one takes longer than what they ask.
let world: OpenAiWorld;
beforeAll(async () => {
  world = await startOpenAiWorld();
});
afterAll(() => world.close());

for (const describeClient of [
  describeOpenAiChat,
  describeOpenAiChatFailures,
  describeOpenAiResponses,
  describeAiSdk,
  describeAnthropicClient,
  describeMcpClient,
  describeDify,
  describeSnippets,
  // Last: it looks into the log.
  describeOpenAiRest,
]) {
  describeClient(() => world);
}
