import { isJsonObject, type JsonObject, type JsonValue } from "../../src/shared/json.ts";

/**
 * How openai-python's `chat.completions.stream()` folds a delta into its snapshot (`openai/lib/streaming/_deltas.py`,
 * `accumulate_delta`): objects in lists are found by their `index`, and a second list whose entries have none is an error.
 */
export function accumulateDelta(before: JsonObject, delta: JsonObject): JsonObject {
  const snapshot: Record<string, JsonValue> = { ...before };
  for (const [key, value] of Object.entries(delta)) {
    const known = snapshot[key];
    if (known === undefined || known === null || key === "index" || key === "type") {
      snapshot[key] = value;
    } else if (typeof known === "string" && typeof value === "string") {
      snapshot[key] = known + value;
    } else if (typeof known === "number" && typeof value === "number") {
      snapshot[key] = known + value;
    } else if (isJsonObject(known) && isJsonObject(value)) {
      snapshot[key] = accumulateDelta(known, value);
    } else if (Array.isArray(known) && Array.isArray(value)) {
      snapshot[key] = known.every((entry) => typeof entry === "string" || typeof entry === "number")
        ? [...known, ...value]
        : accumulateEntries(known, value);
    }
  }
  return snapshot;
}

function accumulateEntries(before: readonly JsonValue[], entries: readonly JsonValue[]): JsonValue[] {
  const list = [...before];
  for (const entry of entries) {
    if (!isJsonObject(entry) || typeof entry["index"] !== "number") {
      throw new Error(`Expected list delta entry to have an \`index\` key; ${JSON.stringify(entry)}`);
    }
    const index = entry["index"];
    const known = list[index];
    list.splice(index, known === undefined ? 0 : 1, isJsonObject(known) ? accumulateDelta(known, entry) : entry);
  }
  return list;
}
