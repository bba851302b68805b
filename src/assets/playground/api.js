import { readEventData } from "./event-stream.js";

/**
 * @typedef {{ rank: number, score: number } | null} Place
 * @typedef {{ number: number, id: string, title: string, text: string, url: string, score: number, rank: number,
 *   dense: Place, lexical: Place, metadata: Record<string, unknown> }} Passage
 * @typedef {{ query: string, collection: string, mode: string, passages: Passage[],
 *   notices: { code: string, message: string }[], degraded: { leg: string, reason: string }[],
 *   timings_ms: Record<string, number>, encoder: string | null, adapter: { name: string } | null }} Retrieval
 * @typedef {{ encoders: string[], adapters: string[] }} QuerySideChoices
 * @typedef {{ type: "retrieval", retrieval: Retrieval, requestId: string, serverTiming: string }
 *   | { type: "text", text: string }
 *   | { type: "citation", start: number, end: number, passage: number }
 *   | { type: "finish", reason: string }} AnswerPart
 * @typedef {{ status: string, mode: string, authentication: string, default_model: string,
 *   encoder: { name: string, dims: number, dtype: string, fingerprint: string },
 *   default_collection: { name: string, exists: boolean, passages?: number }, warnings: string[] }} Health
 */

/** What the server, or the way to it, said went wrong. */
export class RequestError extends Error {
  /** @param {string} message @param {{ code?: string, status?: number, requestId?: string }} [facts] */
  constructor(message, { code = "", status = 0, requestId = "" } = {}) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }
}

/** @returns {Promise<Health>} */
export async function fetchHealth() {
  return await getJson("/health", "");
}

/**
 * Names of the models that answer, without the encoder.
 * @param {string} key
 * @returns {Promise<string[]>}
 */
export async function fetchModels(key) {
  /** @type {{ data: { id: string, owned_by: string }[] }} */
  const { data } = await getJson("/v1/models", key);
  return data.filter(({ owned_by: owner }) => owner !== "encoder").map(({ id }) => id);
}

/**
 * Names of all collections. Only an open or an administrator's server tells; undefined elsewhere.
 * @param {string} key
 * @returns {Promise<string[] | undefined>}
 */
export async function fetchCollections(key) {
  try {
    /** @type {{ data: { name: string }[] }} */
    const { data } = await getJson("/v1/admin/collections", key);
    return data.map(({ name }) => name);
  } catch (error) {
    if (error instanceof RequestError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The query encoders and adapters of a collection; none where it does not exist.
 * @param {string} collection
 * @param {string} key
 * @returns {Promise<QuerySideChoices>}
 */
export async function fetchQuerySide(collection, key) {
  try {
    return await getJson(`/v1/query-side?collection=${encodeURIComponent(collection)}`, key);
  } catch (error) {
    if (error instanceof RequestError) {
      return { encoders: [], adapters: [] };
    }
    throw error;
  }
}

/**
 * Asks and yields the answer as it comes. Throws a RequestError for an error response, an error frame, and a stream that
 * stops before it said it was done.
 * @param {unknown} body
 * @param {{ key: string, signal: AbortSignal }} options
 * @returns {AsyncGenerator<AnswerPart>}
 */
export async function* streamAnswer(body, { key, signal }) {
  const response = await send("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization(key) },
    body: JSON.stringify(body),
    signal,
  });
  const requestId = response.headers.get("x-request-id") ?? "";
  if (response.body === null) {
    throw new RequestError("The server sent no answer.", { requestId });
  }
  let isDone = false;
  for await (const data of readEventData(response.body)) {
    if (data === "[DONE]") {
      // Read on to the end: leaving now would count as a cancelled request.
      isDone = true;
      continue;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) {
      throw new RequestError(chunk.error.message, { code: chunk.error.code, requestId });
    }
    if (chunk.retrieval) {
      yield { type: "retrieval", retrieval: chunk.retrieval, requestId, serverTiming: response.headers.get("server-timing") ?? "" };
    }
    yield* partsOfChoice(chunk.choices?.[0]);
  }
  if (!isDone) {
    throw new RequestError("The answer stopped before its end.", { code: "cut", requestId });
  }
}

/**
 * @param {any} choice  JSON from our own server
 * @returns {Generator<AnswerPart>}
 */
function* partsOfChoice(choice) {
  if (choice?.delta?.content) {
    yield { type: "text", text: choice.delta.content };
  }
  for (const { type, url_citation: span, passage_number: passage } of choice?.delta?.annotations ?? []) {
    if (type === "url_citation") {
      yield { type: "citation", start: span.start_index, end: span.end_index, passage };
    }
  }
  if (choice?.finish_reason) {
    yield { type: "finish", reason: choice.finish_reason };
  }
}

/**
 * @param {string} path
 * @param {string} key
 */
async function getJson(path, key) {
  return await (await send(path, { headers: authorization(key) })).json();
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Response>}
 */
async function send(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new RequestError("The server cannot be reached. Is it still running?");
  }
  if (!response.ok) {
    const body = await response.json().catch(() => undefined);
    throw new RequestError(body?.error?.message ?? `The server answered ${response.status}.`, {
      code: body?.error?.code ?? "",
      status: response.status,
      requestId: response.headers.get("x-request-id") ?? "",
    });
  }
  return response;
}

/**
 * @param {string} key
 * @returns {Record<string, string>}
 */
function authorization(key) {
  return key === "" ? {} : { authorization: `Bearer ${key}` };
}
