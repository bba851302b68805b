import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import { isRecord } from "../vector-index/metadata.ts";
import { truncateUtf8 } from "../vector-index/utf8.ts";

/**
 * The metadata as a metadata index holds it, strings cut to 64 bytes, so that a filter decides alike in both legs; undefined
 * when nothing had to be cut, which is the rule.
 */
export function filterableMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const cut = cutStrings(metadata);
  return cut.changed ? cut.record : undefined;
}

interface CutRecord {
  readonly record: Record<string, unknown>;
  readonly changed: boolean;
}

function cutStrings(metadata: Readonly<Record<string, unknown>>): CutRecord {
  let changed = false;
  const entries = Object.entries(metadata).map(([key, value]): readonly [string, unknown] => {
    if (typeof value === "string") {
      const text = truncateUtf8(value, VECTORIZE_LIMITS.indexedStringBytes);
      changed ||= text !== value;
      return [key, text];
    }
    if (isRecord(value)) {
      const nested = cutStrings(value);
      changed ||= nested.changed;
      return [key, nested.record];
    }
    return [key, value];
  });
  // `fromEntries` makes own properties, also of a key like "__proto__".
  return { record: Object.fromEntries(entries), changed };
}
