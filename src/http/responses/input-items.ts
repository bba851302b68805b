import { z } from "@hono/zod-openapi";
import { joinTexts } from "../../generation/message-text.ts";
import type { ChatMessage } from "../../generation/target-lm.ts";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import { invalidRequest } from "../read-json.ts";
import { inputMessageSchema, type ResponseItem, type ResponsesRequest } from "../schemas/responses.ts";

const partSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() }),
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.looseObject({ type: z.literal("input_image"), image_url: z.string(), detail: z.string().nullish() }),
]);

const callSchema = z.looseObject({ call_id: z.string(), name: z.string(), arguments: z.string() });
const outputSchema = z.looseObject({
  call_id: z.string(),
  output: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});

/** Items of earlier answers that a new one needs nothing of: what was found is found anew. */
const LEFT_OUT: ReadonlySet<string> = new Set(["reasoning", "file_search_call"]);

/**
 * OpenAI's input as chat messages: instructions first, function calls beside the assistant's words before them. Throws
 * `invalid_request` with the path of the item at fault.
 */
export function toChatMessages({
  input,
  instructions,
}: Pick<ResponsesRequest, "input" | "instructions">): readonly ChatMessage[] {
  const messages: ChatMessage[] = instructions ? [{ role: "system", content: instructions }] : [];
  const items: readonly ResponseItem[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  for (const [index, item] of items.entries()) {
    const path = ["input", index];
    switch (item.type ?? "message") {
      case "message": {
        const { role, content } = parse(inputMessageSchema, item, path);
        messages.push({ role, content: contentOf(content, [...path, "content"]) });
        break;
      }
      case "function_call":
        addCall(messages, item, path);
        break;
      case "function_call_output": {
        const { call_id: id, output } = parse(outputSchema, item, path);
        messages.push({ role: "tool", tool_call_id: id, content: contentOf(output, [...path, "output"]) });
        break;
      }
      default:
        assertLeftOut(item, path);
    }
  }
  return messages;
}

function addCall(messages: ChatMessage[], item: unknown, path: readonly PropertyKey[]): void {
  const { call_id: id, name, arguments: input } = parse(callSchema, item, path);
  const call: JsonObject = { id, type: "function", function: { name, arguments: input } };
  const last = messages.at(-1);
  if (last?.role !== "assistant") {
    messages.push({ role: "assistant", content: null, tool_calls: [call] });
    return;
  }
  const { tool_calls: calls } = last;
  messages[messages.length - 1] = { ...last, tool_calls: [...(Array.isArray(calls) ? calls : []), call] };
}

function contentOf(
  content: string | readonly { readonly type: string }[],
  path: readonly PropertyKey[],
): ChatMessage["content"] {
  if (typeof content === "string") {
    return content;
  }
  const parts = content.map((part, index): JsonObject => {
    const parsed = parse(partSchema, part, [...path, index]);
    if (parsed.type === "input_image") {
      const { image_url: url, detail } = parsed;
      return { type: "image_url", image_url: { url, ...(detail ? { detail } : {}) } };
    }
    return { type: "text", text: parsed.type === "refusal" ? parsed.refusal : parsed.text };
  });
  return joinTexts(parts);
}

function assertLeftOut({ type }: ResponseItem, path: readonly PropertyKey[]): void {
  if (!LEFT_OUT.has(String(type))) {
    const message =
      type === "item_reference"
        ? "items are not stored here; send the item itself"
        : `items of type "${String(type).slice(0, 64)}" are not known here`;
    const param = path.map(String).join(".");
    throw new AppError("invalid_request", `${param}: ${message}`, { details: { param } });
  }
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: readonly PropertyKey[],
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw invalidRequest(parsed.error, path);
  }
  return parsed.data;
}
