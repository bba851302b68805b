import type { AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { anthropicErrorBody } from "./anthropic/anthropic-error.ts";
import { difyErrorBody } from "./dify-error.ts";
import { errorResponse } from "./error-response.ts";
import type { HttpContext } from "./http-context.ts";
import { mcpErrorBody } from "./mcp/mcp-error.ts";

type ErrorDialect = (error: AppError, c: HttpContext) => JsonObject;

/** Routes whose clients want errors in another shape than OpenAI's, by path. */
const ERROR_DIALECTS: Readonly<Record<string, ErrorDialect | undefined>> = {
  "/retrieval": difyErrorBody,
  "/mcp": mcpErrorBody,
  "/v1/messages": (error, c) => anthropicErrorBody(error, c.get("requestId")),
};

/** The reply to a request that failed, in the words of its route's protocol: refusals at the door included. */
export function errorReply(error: AppError, c: HttpContext): Response {
  const dialect = ERROR_DIALECTS[c.req.path];
  return errorResponse(error, dialect?.(error, c));
}
