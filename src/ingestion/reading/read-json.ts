import { AppError } from "../../shared/errors.ts";
import { isRecord } from "../../vector-index/metadata.ts";
import type { ReadableDocument, Section } from "./section.ts";

/** Deeper values are written as JSON: nobody reads a path of more keys. */
const MAX_DEPTH = 12;
/** Keys whose string names the record they are in. */
const TITLE_KEYS = ["title", "name", "heading", "id"];

/**
 * JSON: one section for each record of a top-level list (or the one object), a line `key: value` for each value, keys of
 * nested objects joined by dots.
 *
 * @throws AppError `invalid_request` when it is not JSON.
 */
export function readJsonRecords(json: string): ReadableDocument {
  const value = parse(json);
  const title = isRecord(value) ? titleOf(value) : undefined;
  return { title, sections: title === undefined ? toSections(value) : [toSection(value)] };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_request", `the document is not JSON: ${reason}`, {
      cause,
      details: { param: "content" },
    });
  }
}

function* toSections(value: unknown): Generator<Section> {
  for (const record of Array.isArray(value) ? value : [value]) {
    const title = isRecord(record) ? titleOf(record) : undefined;
    yield { ...toSection(record), headings: title === undefined ? [] : [title] };
  }
}

function toSection(value: unknown): Section {
  return { headings: [], text: [...lines(value, [])].join("\n") };
}

function titleOf(record: Readonly<Record<string, unknown>>): string | undefined {
  const title = TITLE_KEYS.map((key) => record[key]).find((text) => typeof text === "string" && text.trim() !== "");
  return typeof title === "string" ? title.trim() : undefined;
}

function* lines(value: unknown, path: readonly string[]): Generator<string> {
  const isDeep = path.length >= MAX_DEPTH;
  if (Array.isArray(value) && !isDeep) {
    if (value.every((item) => typeof item !== "object" || item === null)) {
      yield* line(value.join(", "), path);
      return;
    }
    for (const item of value) {
      yield* lines(item, path);
    }
  } else if (isRecord(value) && !isDeep) {
    for (const [key, item] of Object.entries(value)) {
      yield* lines(item, [...path, key]);
    }
  } else if (value !== null) {
    yield* line(typeof value === "string" ? value : stringify(value), path);
  }
}

/** What nests without end takes the engine's stack. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new AppError("invalid_request", "the document's JSON nests too deep", {
      cause,
      details: { param: "content" },
    });
  }
}

function* line(text: string, path: readonly string[]): Generator<string> {
  if (text.trim() !== "") {
    yield path.length === 0 ? text : `${path.join(".")}: ${text}`;
  }
}
