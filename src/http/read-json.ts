import type { z } from "@hono/zod-openapi";
import { AppError } from "../shared/errors.ts";

/** Client routes. A chat with a few images in it fits; what is larger is a mistake or an attack on the isolate's 128 MB. */
const CLIENT_BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/**
 * Uploads. The text (two bytes a character as soon as one is not Latin-1) and what is parsed out of it exist at once in the
 * isolate's 128 MB, beside the encoder. 500 passages of 1536 dimensions in base64 are 4 MB and their text.
 */
export const UPLOAD_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

export interface ReadJsonOptions<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** Default `CLIENT_BODY_LIMIT_BYTES`. */
  readonly limitBytes?: number;
}

/**
 * Reads and validates a request's JSON body. The content type is not looked at: `curl -d` sends a form's.
 *
 * @throws AppError `body_too_large`, `invalid_json`, or what the schema says: `invalid_request` with the path in `param`.
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  { schema, limitBytes = CLIENT_BODY_LIMIT_BYTES }: ReadJsonOptions<Schema>,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await parseBody(request, limitBytes));
  if (!parsed.success) {
    throw invalidRequest(parsed.error);
  }
  return parsed.data;
}

/** The text is held no longer than its parsing takes. */
async function parseBody(request: Request, limitBytes: number): Promise<unknown> {
  const text = await readText(request, limitBytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason =
      text.trim() === ""
        ? "the body is empty"
        : `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw new AppError("invalid_json", reason, { cause: error });
  }
}

/** Codes that a schema may name in `params.code` of a custom issue; everything else is `invalid_request`. */
const ISSUE_CODES = ["query_too_long", "invalid_filter", "vector_limit"] as const;

/** The first complaint of a schema as an error that names the field. */
export function invalidRequest(error: z.ZodError, path: readonly PropertyKey[] = []): AppError {
  const issue = error.issues[0] === undefined ? undefined : mostTelling(error.issues[0], []);
  const unknownKeys = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const param = [...path, ...(issue?.path ?? []), ...unknownKeys.slice(0, 1)].map(String).join(".");
  const named: unknown = issue?.code === "custom" ? issue.params?.["code"] : undefined;
  const code = ISSUE_CODES.find((issueCode) => issueCode === named) ?? "invalid_request";
  const message = issue?.message ?? "the request does not have the expected shape";
  return new AppError(code, param === "" ? message : `${param}: ${message}`, {
    cause: error,
    details: param === "" ? {} : { param },
  });
}

/**
 * A union says no more than "invalid input". What helps is the complaint of the alternative that was meant: one that got
 * past the type of the whole value, as an object with a wrong field does.
 */
function mostTelling(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): z.core.$ZodIssue {
  const here = [...path, ...issue.path];
  if (issue.code === "invalid_union" && issue.message === "Invalid input") {
    const meant = issue.errors.find(
      ([first]) => first !== undefined && (first.path.length > 0 || first.code !== "invalid_type"),
    );
    const first = meant?.[0];
    if (first !== undefined) {
      return mostTelling(first, here);
    }
  }
  return { ...issue, path: here };
}

/**
 * A body as text. Counts and decodes while reading: `content-length` may be absent or wrong, and the bytes need not exist a
 * second time. Throws `body_too_large`.
 */
export async function readText(request: Request, limitBytes: number): Promise<string> {
  const tooLarge = (): AppError =>
    new AppError("body_too_large", `the body has more than the ${limitBytes} bytes that this route takes`, {
      details: { limitBytes },
    });
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) {
    throw tooLarge();
  }
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > limitBytes) {
      throw tooLarge();
    }
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
