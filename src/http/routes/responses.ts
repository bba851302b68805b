import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AnswerEvent } from "../../rag/answer-event.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import { answerResponse } from "../answer-response.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { fileNames } from "../file-names.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { foldResponse } from "../responses/fold-response.ts";
import { responseBody } from "../responses/response-body.ts";
import { ResponseEvents } from "../responses/response-events.ts";
import { responseFrames } from "../responses/response-frames.ts";
import { responsesCall } from "../responses/responses-call.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { responsesRequestSchema, responsesResponseSchema } from "../schemas/responses.ts";
import { startAnswer } from "../start-answer.ts";

const INCLUDE_RESULTS = "file_search_call.results";

const route = jsonRoute({
  method: "post",
  path: "/v1/responses",
  summary: "Answer with file search and citations (OpenAI's Responses)",
  description:
    "What clients use of it: text and message input, instructions, functions, the `file_search` tool, `file_citation` annotations, all stream events of these. Nothing is stored. A stream that fails ends in `response.failed` and an `error` event.",
  request: responsesRequestSchema,
  response: responsesResponseSchema,
  alternatives: { "text/event-stream": { schema: z.string() } },
});

/** `POST /v1/responses`, streamed or not. */
export function registerResponses(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => responses(c, dependencies));
}

async function responses(c: HttpContext, { log }: RouteDependencies): Promise<Response> {
  const body = await readJson(c.req.raw, { schema: responsesRequestSchema });
  const call = responsesCall(body);
  const { model, abort, ...started } = await startAnswer(c, call);
  const { events, fileNameOf } = withFileNames(c, started.events);
  const rendered = new ResponseEvents({
    body: responseBody(
      {
        id: `resp_${crypto.randomUUID().replaceAll("-", "")}`,
        createdAt: Math.floor(Date.now() / 1000),
        model,
      },
      body,
    ),
    model,
    includeResults: body.include?.includes(INCLUDE_RESULTS) === true,
    fileNameOf,
  });
  return call.stream
    ? await answerResponse(c, { events, frames: responseFrames(rendered), abort, log })
    : c.json(await foldResponse(events, rendered));
}

interface NamedEvents {
  readonly events: AsyncGenerator<AnswerEvent>;
  readonly fileNameOf: (passage: RetrievedPassage) => string;
}

/** Passes events on; when one tells what was found, the names of its files are known by then. */
function withFileNames(c: HttpContext, events: AsyncGenerator<AnswerEvent>): NamedEvents {
  let nameOf: NamedEvents["fileNameOf"] = ({ passage }) => passage.title;
  async function* follow(): AsyncGenerator<AnswerEvent> {
    for await (const event of events) {
      if (event.type === "retrieval-end") {
        const { collection, outcome } = event;
        nameOf = await fileNames(c.get("access").documents, { collection, passages: outcome.passages });
      }
      yield event;
    }
  }
  return { events: follow(), fileNameOf: (passage) => nameOf(passage) };
}
