import { isJsonObject, type JsonObject, type JsonValue } from "../shared/json.ts";

/** Strings that name something: a later delta repeats them whole instead of continuing them. */
const NAMES: ReadonlySet<string> = new Set(["id", "type", "role", "name"]);

/**
 * Folds a delta of OpenAI's stream into what came before: text grows, lists grow, and entries of a list that carry an `index`
 * (tool calls) grow in their place. `index` itself is not kept: messages do not have it.
 */
export function mergeDelta(before: JsonObject, delta: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...before };
  for (const [key, value] of Object.entries(delta)) {
    merged[key] = mergeValue(key, merged[key], value);
  }
  return merged;
}

function mergeValue(key: string, before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (typeof value === "string" && typeof before === "string" && !NAMES.has(key)) {
    return before + value;
  }
  if (Array.isArray(value)) {
    return mergeLists(Array.isArray(before) ? before : [], value);
  }
  if (isJsonObject(value)) {
    return mergeDelta(isJsonObject(before) ? before : {}, value);
  }
  return value === null && before !== undefined ? before : value;
}

function mergeLists(before: readonly JsonValue[], deltas: readonly JsonValue[]): readonly JsonValue[] {
  const merged = [...before];
  for (const delta of deltas) {
    const index = isJsonObject(delta) ? delta["index"] : undefined;
    if (!isJsonObject(delta) || typeof index !== "number") {
      merged.push(delta);
      continue;
    }
    const { index: _index, ...fields } = delta;
    // A provider's index may skip; the place in the list is what counts for a message.
    const place = Math.min(Math.max(index, 0), merged.length);
    const known = merged[place];
    merged[place] = mergeDelta(isJsonObject(known) ? known : {}, fields);
  }
  return merged;
}
