import type { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";

/** JSON-RPC's range for errors that a server defines itself. */
const SERVER_ERROR = -32_000;

/** A refusal before the protocol was reached (no key, a limit, a wrong method), as JSON-RPC says it of no request in particular. */
export function mcpErrorBody({ code, message }: AppError): JsonObject {
  return { jsonrpc: "2.0", id: null, error: { code: SERVER_ERROR, message, data: { code } } };
}
