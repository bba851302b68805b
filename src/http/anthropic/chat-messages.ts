import { z } from "@hono/zod-openapi";
import { joinTexts } from "../../generation/message-text.ts";
import type { ChatMessage } from "../../generation/target-lm.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { MessageBlock, MessagesRequest } from "../schemas/messages.ts";
import { parse, toParts, type PartsOptions } from "./content-blocks.ts";

const toolUseSchema = z.looseObject({ id: z.string(), name: z.string(), input: z.unknown() });
const toolResultSchema = z.looseObject({
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
  is_error: z.boolean().nullish(),
});

/**
 * Anthropic's conversation as OpenAI's: instructions first, each tool's result as a message of its own before what the user
 * says beside it, tool calls beside the assistant's words. Throws `invalid_request` with the path of the block at fault.
 */
export function toChatMessages(
  { system, messages }: Pick<MessagesRequest, "system" | "messages">,
  { isNative }: Pick<PartsOptions, "isNative">,
): readonly ChatMessage[] {
  const instructions = system ? [{ role: "system", content: contentOf(system, { isNative, path: ["system"] }) }] : [];
  return [
    ...instructions,
    ...messages.flatMap(({ role, content }, index) => {
      const options = { isNative, path: ["messages", index, "content"] };
      if (role === "user") {
        return userMessages(content, options);
      }
      return [
        role === "assistant" ? assistantMessage(content, options) : { role, content: contentOf(content, options) },
      ];
    }),
  ];
}

type Content = string | readonly MessageBlock[];

function assistantMessage(content: Content, options: PartsOptions): ChatMessage {
  const blocks = blocksOf(content);
  const said = contentOf(blocks, { ...options, skip: "tool_use" });
  const calls = blocks.flatMap((block, index) => {
    if (block.type !== "tool_use") {
      return [];
    }
    const { id, name, input } = parse(toolUseSchema, block, [...options.path, index]);
    return [{ id, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } }];
  });
  return {
    role: "assistant",
    content: calls.length > 0 && said.length === 0 ? null : said,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function userMessages(content: Content, options: PartsOptions): readonly ChatMessage[] {
  const blocks = blocksOf(content);
  const results = blocks.flatMap((block, index): readonly ChatMessage[] => {
    if (block.type !== "tool_result") {
      return [];
    }
    const path = [...options.path, index];
    const result = parse(toolResultSchema, block, path);
    const failed: JsonObject = options.isNative && result.is_error === true ? { is_error: true } : {};
    return [
      {
        role: "tool",
        tool_call_id: result.tool_use_id,
        content: contentOf(result.content ?? "", { ...options, path: [...path, "content"] }),
        ...failed,
      },
    ];
  });
  const said = contentOf(blocks, { ...options, skip: "tool_result" });
  return results.length > 0 && said.length === 0 ? results : [...results, { role: "user", content: said }];
}

/** One text where there is nothing else: not every server takes parts. */
function contentOf(content: Content, options: PartsOptions): string | readonly JsonObject[] {
  const parts = toParts(content, options);
  return options.isNative ? parts : joinTexts(parts);
}

function blocksOf(content: Content): readonly MessageBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}
