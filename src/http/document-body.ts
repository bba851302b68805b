import type { DocumentInput } from "../ingestion/accept-documents.ts";
import type { DocumentRecord } from "../ingestion/documents/document.ts";
import { AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import type { DocumentBody } from "./schemas/documents.ts";

/** A document on the wire; `documentResponseSchema` is its schema. */
export function documentBody({ id, collection, status, passageCount, latest }: DocumentRecord): JsonObject {
  return {
    object: "document",
    id,
    collection,
    status,
    error: latest?.error === undefined ? null : { code: latest.error.code, message: latest.error.message },
    passage_count: passageCount,
    version: latest?.version ?? null,
    title: latest?.title ?? "",
    url: latest?.url ?? "",
    metadata: latest?.metadata ?? {},
    format: latest?.format ?? null,
    bytes: latest?.bytes ?? 0,
    embed_tokens: latest?.embedTokens ?? 0,
    created_at: latest?.createdAt ?? 0,
    updated_at: latest?.progressedAt ?? 0,
  };
}

/** A document that was sent as JSON, inside. */
export function documentInput(body: DocumentBody): DocumentInput {
  const { content } = body;
  return {
    id: body.id ?? `doc-${crypto.randomUUID()}`,
    title: body.title,
    url: body.url,
    metadata: body.metadata,
    format: body.format ?? (typeof content === "string" ? "text" : "json"),
    content: typeof content === "string" ? content : toJson(content),
    split: { maxTokens: body.max_tokens, overlapTokens: body.overlap_tokens },
  };
}

/** What came as JSON may nest deeper than it can be written. */
function toJson(content: object): string {
  try {
    return JSON.stringify(content);
  } catch (cause) {
    throw new AppError("invalid_request", "content: nests too deep", { cause, details: { param: "content" } });
  }
}

/** A page of a list, as OpenAI's clients page through one. */
export function pageBody<Item>(
  items: readonly Item[],
  { limit, toBody, idOf }: { limit: number; toBody: (item: Item) => JsonObject; idOf: (item: Item) => string },
): JsonObject {
  const page = items.slice(0, limit);
  const [first] = page;
  const last = page.at(-1);
  return {
    object: "list",
    data: page.map(toBody),
    first_id: first === undefined ? null : idOf(first),
    last_id: last === undefined ? null : idOf(last),
    has_more: items.length > limit,
  };
}
