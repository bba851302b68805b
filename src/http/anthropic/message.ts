import type { AnswerEvent } from "../../rag/answer-event.ts";
import { AppError } from "../../shared/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import type { MessageEvents } from "./message-events.ts";

/** A content block while it grows. */
type Block = Record<string, JsonValue>;

/**
 * Folds an answer into one message of Anthropic's, as its clients fold a stream: both say the same. Throws what the answer
 * throws.
 */
export async function foldMessage(
  events: AsyncIterable<AnswerEvent>,
  rendered: Pick<MessageEvents, "render">,
): Promise<JsonObject> {
  let message: JsonObject | undefined;
  let ending: JsonObject | undefined;
  const blocks: Block[] = [];
  const inputs = new Map<Block, string>();
  for await (const answerEvent of events) {
    for (const event of rendered.render(answerEvent)) {
      const { type, index, delta } = event;
      const block = blocks[Number(index)];
      if (type === "message_start" && isJsonObject(event["message"])) {
        message = event["message"];
      } else if (type === "content_block_start" && isJsonObject(event["content_block"])) {
        blocks.push({ ...event["content_block"] });
      } else if (type === "content_block_delta" && block !== undefined && isJsonObject(delta)) {
        grow(block, delta, inputs);
      } else if (type === "message_delta" && isJsonObject(delta)) {
        const { type: _type, delta: _delta, ...fields } = event;
        ending = { ...delta, ...fields };
      }
    }
  }
  if (message === undefined || ending === undefined) {
    throw new AppError("internal", "the answer stopped before its end event");
  }
  for (const [block, json] of inputs) {
    block["input"] = parseInput(json);
  }
  return { ...message, content: blocks, ...ending };
}

function grow(block: Block, delta: JsonObject, inputs: Map<Block, string>): void {
  const { text, thinking, signature, citation, partial_json: json } = delta;
  append(block, "text", text);
  append(block, "thinking", thinking);
  if (typeof signature === "string") {
    block["signature"] = signature;
  }
  if (citation !== undefined) {
    block["citations"] = [...(Array.isArray(block["citations"]) ? block["citations"] : []), citation];
  }
  if (typeof json === "string") {
    inputs.set(block, (inputs.get(block) ?? "") + json);
  }
}

function append(block: Block, field: "text" | "thinking", more: JsonValue | undefined): void {
  const { [field]: before } = block;
  if (typeof before === "string" && typeof more === "string") {
    block[field] = before + more;
  }
}

/** What a model wrote as arguments need not be JSON; Anthropic's field wants an object. */
function parseInput(json: string): JsonValue {
  try {
    const input = JSON.parse(json) as JsonValue;
    return isJsonObject(input) ? input : {};
  } catch {
    throw new AppError("upstream_malformed", "the model called a tool with arguments that are no JSON object", {
      isRetryable: true,
    });
  }
}
