import { textOfContent } from "../generation/message-text.ts";
import type { ChatMessage } from "../generation/target-lm.ts";
import type { AnswerEvent } from "../rag/answer-event.ts";
import type { AnswerRetrieval } from "../rag/answer-query.ts";
import { clampTopK } from "../retrieval/clamp-top-k.ts";
import { AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import type { Access } from "./access.ts";
import { answeredBy } from "./answer-body.ts";
import { findCollection } from "./find-collection.ts";
import type { HttpContext } from "./http-context.ts";
import type { RetrievalOptions } from "./schemas/chat-completion.ts";
import { querySideOf } from "./schemas/retrieval.ts";
import { timedEvents } from "./timed-events.ts";

/** Far more than a question; what is longer is a document, and searching for a document finds anything. */
const MAX_QUESTION_CHARACTERS = 32_768;

/** Passages of an answer when the client does not say: what a small model reads without losing the question. */
const DEFAULT_TOP_K = 5;

/** What a client asks for, whatever protocol it speaks. */
export interface AnswerCall {
  /** Undefined: the caller's default. */
  readonly model: string | undefined;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  /** Undefined: the client did not say, which is on; false: off. */
  readonly retrieval: RetrievalOptions | false | undefined;
  /** Which field asked for the collection, for errors. */
  readonly collectionParam: string;
  /** Everything that we do not own. */
  readonly parameters: JsonObject;
}

/** An answer that is under way. */
export interface StartedAnswer {
  /** The name asked for, or the default's. */
  readonly model: string;
  readonly events: AsyncGenerator<AnswerEvent>;
  /** Ends the events, and the request to the provider. */
  readonly abort: () => void;
}

/**
 * Begins an answer for every route that has answers: finds model and collection, and puts times and names on the request's
 * log line. Throws what is wrong with the call; nobody has been asked anything until the first event is.
 */
export async function startAnswer(c: HttpContext, call: AnswerCall): Promise<StartedAnswer> {
  const access = c.get("access");
  const model = call.model ?? access.defaultModel;
  const targets = access.targetLms(model);
  if (call.stream && !targets[0].canStream) {
    throw new AppError("stream_unsupported", `model "${model}" cannot stream; send \`"stream": false\``, {
      details: { param: "stream" },
    });
  }
  const abort = new AbortController();
  const events = access.answer({
    targets,
    messages: call.messages,
    parameters: call.parameters,
    stream: call.stream,
    retrieval: await answerRetrieval({ ...call, model }, access, c.get("requestId")),
    signal: AbortSignal.any([c.req.raw.signal, abort.signal]),
  });
  c.set("logFields", { model, stream: call.stream });
  return {
    model,
    events: withFallbackLogged(timedEvents(events, c.get("timings")), { model, logFields: c.get("logFields") }),
    abort: () => abort.abort(),
  };
}

interface FallbackLogOptions {
  readonly model: string;
  readonly logFields: HttpContext["var"]["logFields"];
}

/** Passes events on; when a fallback has answered, its name joins the log line. */
async function* withFallbackLogged(
  events: AsyncGenerator<AnswerEvent>,
  { model, logFields }: FallbackLogOptions,
): AsyncGenerator<AnswerEvent> {
  for await (const event of events) {
    if (event.type === "end") {
      Object.assign(logFields, answeredBy(event, { model }));
    }
    yield event;
  }
}

async function answerRetrieval(
  { messages, retrieval, collectionParam, model }: AnswerCall & { readonly model: string },
  { defaultCollection, store }: Access,
  requestId: string,
): Promise<AnswerRetrieval | false> {
  if (retrieval === false) {
    return false;
  }
  const { collection, top_k, filter, mode, min_score, on_error, query, rewrite } = retrieval ?? {};
  if (query === undefined) {
    checkQuestion(messages);
  }
  return {
    ...clampTopK(top_k ?? DEFAULT_TOP_K),
    collection: await findCollection(store, {
      name: collection ?? defaultCollection,
      param: collectionParam,
    }),
    mode: mode ?? "hybrid",
    onError: on_error ?? "degrade",
    querySide: querySideOf(retrieval ?? {}),
    model,
    requestId,
    ...(filter === undefined ? {} : { filter }),
    ...(min_score === undefined ? {} : { minScore: min_score }),
    ...(query === undefined ? {} : { query }),
    ...(rewrite === undefined ? {} : { rewrite }),
  };
}

function checkQuestion(messages: AnswerCall["messages"]): void {
  const question = textOfContent(messages.findLast(({ role }) => role === "user")?.content ?? null);
  if (question.length > MAX_QUESTION_CHARACTERS) {
    throw new AppError(
      "query_too_long",
      `messages: the last user message has ${question.length} characters, at most ${MAX_QUESTION_CHARACTERS} can be searched for; say what to search for in \`retrieval.query\`, or switch retrieval off with \`"retrieval": false\``,
      { details: { param: "messages" } },
    );
  }
}
