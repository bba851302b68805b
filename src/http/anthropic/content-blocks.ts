import { z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import { invalidRequest } from "../read-json.ts";
import type { MessageBlock } from "../schemas/messages.ts";

export interface PartsOptions {
  /** Every target LM that may answer takes Anthropic's blocks, so that nothing of them need be lost. */
  readonly isNative: boolean;
  /** Where the blocks stand in the request, for errors. */
  readonly path: readonly PropertyKey[];
  /** A type of block that becomes something else than a part. */
  readonly skip?: string;
}

const textSchema = z.looseObject({ text: z.string() });
const searchResultSchema = z.looseObject({
  source: z.string(),
  title: z.string(),
  content: z.array(z.looseObject({ type: z.literal("text"), text: z.string() })).min(1),
});
const imageSchema = z.looseObject({
  source: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.looseObject({ type: z.literal("url"), url: z.string() }),
  ]),
});
const documentSchema = z.looseObject({
  title: z.string().nullish(),
  source: z.union([
    z.looseObject({ type: z.literal("text"), data: z.string() }),
    z.looseObject({ type: z.literal("content"), content: z.union([z.string(), z.array(textSchema)]) }),
  ]),
});

type Reader = (block: MessageBlock, path: readonly PropertyKey[]) => readonly JsonObject[];

/** Blocks that are known here, as parts of OpenAI's; those that only another turn of Anthropic's needs become nothing. */
const READERS: Readonly<Record<string, Reader | undefined>> = {
  text: (block, path) => [{ type: "text", text: parse(textSchema, block, path).text }],
  search_result: (block, path) => {
    const { source, title, content } = parse(searchResultSchema, block, path);
    return [{ type: "search_result", source, title, content: content.map(({ text }) => ({ type: "text", text })) }];
  },
  image: (block, path) => {
    const { source } = parse(imageSchema, block, path);
    const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
    return [{ type: "image_url", image_url: { url } }];
  },
  document: (block, path) => {
    const { title, source } = parse(documentSchema, block, path);
    const content = source.type === "text" ? source.data : source.content;
    const text = typeof content === "string" ? content : content.map((part) => part.text).join("\n");
    return [{ type: "text", text: title ? `${title}\n\n${text}` : text }];
  },
  thinking: () => [],
  redacted_thinking: () => [],
};

/**
 * Anthropic's content as parts of a chat message: as it came where every target takes it, else in OpenAI's form. Throws
 * `invalid_request` for blocks that are malformed, or that only Anthropic's models know.
 */
export function toParts(
  content: string | readonly MessageBlock[],
  { isNative, path, skip }: PartsOptions,
): readonly JsonObject[] {
  if (typeof content === "string") {
    return content === "" ? [] : [{ type: "text", text: content }];
  }
  return content.flatMap((block, index) => {
    if (block.type === skip) {
      return [];
    }
    const here = [...path, index];
    const reader = READERS[block.type];
    if (isNative) {
      if (block.type === "search_result") {
        parse(searchResultSchema, block, here);
      }
      // It came from JSON.
      return [block as JsonObject];
    }
    if (reader === undefined) {
      throw unsupported(`blocks of type "${block.type.slice(0, 64)}" are for Anthropic's models only`, here);
    }
    return reader(block, here);
  });
}

/** Throws `invalid_request` with the field's path. */
export function parse<Schema extends z.ZodType>(
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

export function unsupported(message: string, path: readonly PropertyKey[]): AppError {
  const param = path.map(String).join(".");
  return new AppError("invalid_request", `${param}: ${message}`, { details: { param } });
}
