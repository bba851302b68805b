import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** OpenAI's function tools in Anthropic's form; tools that already have that form (a `name` of their own) pass. */
export function toAnthropicTools(tools: JsonValue | undefined): readonly JsonObject[] | undefined {
  const list: readonly JsonValue[] = Array.isArray(tools) ? tools : [];
  const converted = list.flatMap((tool): readonly JsonObject[] => {
    if (!isObject(tool)) {
      return [];
    }
    const declared = tool["function"];
    if (!isObject(declared)) {
      return [tool];
    }
    const { name, description, parameters } = declared;
    return [
      {
        name: name ?? "",
        ...(typeof description === "string" ? { description } : {}),
        input_schema: parameters ?? { type: "object", properties: {} },
      },
    ];
  });
  return converted.length === 0 ? undefined : converted;
}

/** OpenAI's `tool_choice` and `parallel_tool_calls` in Anthropic's one parameter; undefined leaves its default. */
export function toAnthropicToolChoice(
  choice: JsonValue | undefined,
  parallelToolCalls: JsonValue | undefined,
): JsonObject | undefined {
  const kind = choiceOf(choice);
  if (kind?.["type"] === "none") {
    return kind;
  }
  return parallelToolCalls === false ? { ...(kind ?? { type: "auto" }), disable_parallel_tool_use: true } : kind;
}

function choiceOf(choice: JsonValue | undefined): JsonObject | undefined {
  if (isObject(choice)) {
    const declared = choice["function"];
    return isObject(declared) ? { type: "tool", name: declared["name"] ?? "" } : choice;
  }
  const names: Readonly<Record<string, string>> = { auto: "auto", none: "none", required: "any" };
  const type = typeof choice === "string" ? names[choice] : undefined;
  return type === undefined ? undefined : { type };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
