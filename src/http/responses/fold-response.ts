import type { AnswerEvent } from "../../rag/answer-event.ts";
import { AppError } from "../../shared/errors.ts";
import { isJsonObject, type JsonObject } from "../../shared/json.ts";
import type { ResponseEvents } from "./response-events.ts";

/** The response that a stream of the same answer closes with. Throws what the answer throws. */
export async function foldResponse(
  events: AsyncIterable<AnswerEvent>,
  rendered: Pick<ResponseEvents, "render">,
): Promise<JsonObject> {
  let response: JsonObject | undefined;
  for await (const event of events) {
    const closing = rendered.render(event).at(-1)?.["response"];
    if (event.type === "end" && isJsonObject(closing)) {
      response = closing;
    }
  }
  if (response === undefined) {
    throw new AppError("internal", "the answer stopped before its end event");
  }
  return response;
}
