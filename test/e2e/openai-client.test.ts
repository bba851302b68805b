import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import { annotationsOf, type Chunk, type Extensions, textOf } from "../support/chat-chunks.ts";
import { CLIENT_KEY, type OpenAiWorld, PROVIDER_KEY, startOpenAiWorld } from "../support/openai-world.ts";
import {
  UPSTREAM_DELTAS,
  UPSTREAM_LOGPROBS,
  UPSTREAM_TEXT,
  UPSTREAM_TOOL_CALL,
  UPSTREAM_USAGE,
  type UpstreamScriptName,
} from "../support/upstream-scripts.ts";

let world: OpenAiWorld;
beforeAll(async () => {
  world = await startOpenAiWorld();
});
afterAll(() => world.close());

const messages = [{ role: "user" as const, content: "Which country has the longest coastline?" }];
const TOOL = {
  type: "function" as const,
  function: { name: "convert", parameters: { type: "object", properties: { kilometres: { type: "number" } } } },
};

async function streamOf(model: string, more: object = {}): Promise<Chunk[]> {
  const stream = await world.client.chat.completions.create({ model, messages, stream: true, ...more });
  const chunks: Chunk[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
}

/** What the client throws while it reads the stream of that model. */
async function failureOf(model: UpstreamScriptName | "unreachable", more: object = {}): Promise<APIError> {
  try {
    await streamOf(model, more);
  } catch (error) {
    if (error instanceof APIError) {
      return error;
    }
    throw error;
  }
  throw new Error(`the stream of "${model}" ended as if it were complete`);
}

describe("a stream", () => {
  it("carries the passages in its first chunk, and the upstream's words in order", async ({ expect }) => {
    const chunks = await streamOf("normal");
    const [first] = chunks;
    expect(first?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(first?.retrieval?.passages[0]).toMatchObject({ number: 1, id: "canada-coast" });
    expect(first?.citations?.[0]).toBe("https://example.test/canada#coastline");
    expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.every(({ choices }) => Array.isArray(choices))).toBe(true);
  });

  it("annotates the mark [1], exactly, and leaves [9] as text", async ({ expect }) => {
    const chunks = await streamOf("normal");
    const annotations = annotationsOf(chunks);
    const spans = annotations.map(({ url_citation: { start_index, end_index } }) =>
      textOf(chunks).slice(start_index, end_index),
    );
    expect(spans).toEqual(["[1]"]);
    expect(annotations[0]).toMatchObject({
      index: 0,
      passage_id: "canada-coast",
      url_citation: { url: "https://example.test/canada#coastline" },
    });
  });

  it("is the same however the upstream's bytes are cut", async ({ expect }) => {
    const chunks = await streamOf("split-bytes");
    expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
    expect(annotationsOf(chunks)).toHaveLength(1);
  });

  it("has a usage chunk when asked for, and else none", async ({ expect }) => {
    const [asked, unasked] = [
      await streamOf("normal", { stream_options: { include_usage: true } }),
      await streamOf("normal"),
    ];
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: UPSTREAM_USAGE });
    expect(unasked.some(({ usage }) => usage !== undefined && usage !== null)).toBe(false);
  });

  it("keeps the choices of n > 1 apart, each with its role, citations and end", async ({ expect }) => {
    const chunks = await streamOf("two-choices", { n: 2 });
    expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual([UPSTREAM_TEXT, UPSTREAM_TEXT]);
    expect(annotationsOf(chunks)).toHaveLength(2);
    const ends = chunks.flatMap(({ choices }) => choices).filter(({ finish_reason }) => finish_reason !== null);
    expect(ends.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [1, "stop"],
      [0, "length"],
    ]);
  });

  it("passes tool calls and logprobs through", async ({ expect }) => {
    const runner = world.client.chat.completions.stream({ model: "tool-call", messages, tools: [TOOL] });
    const { choices } = await runner.finalChatCompletion();
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject(UPSTREAM_TOOL_CALL);
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    const logprobs = (await streamOf("logprobs", { logprobs: true })).flatMap(
      ({ choices }) => choices[0]?.logprobs ?? [],
    );
    expect(logprobs[0]?.content?.[0]).toMatchObject(UPSTREAM_LOGPROBS.content[0]);
  });

  it("without retrieval has neither passages nor citations, whatever the marks", async ({ expect }) => {
    const chunks = await streamOf("normal", { retrieval: false });
    expect(textOf(chunks)).toBe(UPSTREAM_TEXT);
    expect(annotationsOf(chunks)).toEqual([]);
    expect(chunks.some(({ retrieval, citations }) => retrieval !== undefined || citations !== undefined)).toBe(false);
  });

  it("of the extractive model answers from the right passage and cites it", async ({ expect }) => {
    const chunks = await streamOf("extractive");
    expect(textOf(chunks)).toContain("Canada has the longest coastline");
    expect(annotationsOf(chunks)[0]?.passage_id).toBe("canada-coast");
  });

  it("sends the passages before a slow target LM has said a word", async ({ expect }) => {
    const startedAt = performance.now();
    const stream = await world.client.chat.completions.create({ model: "slow-first-byte", messages, stream: true });
    const arrivals: number[] = [];
    for await (const _chunk of stream) {
      arrivals.push(performance.now() - startedAt);
    }
    const [first = Number.NaN, second = Number.NaN] = arrivals;
    expect(second - first).toBeGreaterThan(150);
  });
});

describe("without a stream", () => {
  it("the whole answer, its citations and its usage come at once", async ({ expect }) => {
    const completion = await world.client.chat.completions.create({ model: "normal", messages });
    const message = completion.choices[0]?.message;
    expect(message?.content).toBe(UPSTREAM_TEXT);
    expect(
      message?.annotations?.map(({ url_citation }) =>
        UPSTREAM_TEXT.slice(url_citation.start_index, url_citation.end_index),
      ),
    ).toEqual(["[1]"]);
    expect(completion.usage).toEqual(UPSTREAM_USAGE);
    expect((completion as Extensions).retrieval?.passages[0]?.id).toBe("canada-coast");
  });

  it("tool calls and logprobs are those of the upstream", async ({ expect }) => {
    const called = await world.client.chat.completions.create({ model: "tool-call", messages, tools: [TOOL] });
    expect(called.choices[0]?.message).toMatchObject({ content: null, tool_calls: [UPSTREAM_TOOL_CALL] });
    const { choices } = await world.client.chat.completions.create({ model: "logprobs", messages, logprobs: true });
    expect(choices[0]?.logprobs).toEqual(UPSTREAM_LOGPROBS);
  });
});

describe("a target that cannot stream", () => {
  it("refuses a stream with a 400 that says so", async ({ expect }) => {
    const failure: unknown = await streamOf("unstreamable").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(failure).toMatchObject({ code: "stream_unsupported", param: "stream" });
  });

  it("answers in one piece, asked for one by the Worker too", async ({ expect }) => {
    const { choices } = await world.client.chat.completions.create({ model: "unstreamable", messages });
    expect(choices[0]?.message.content).toBe(UPSTREAM_TEXT);
    expect(world.upstream.requestsTo("normal").at(-1)?.body["stream"] ?? false).toBe(false);
  });
});

describe("what goes upstream", () => {
  it("is everything the client sent but our extensions, with the provider's key", async ({ expect }) => {
    const fileSearch = { type: "file_search", vector_store_ids: ["small"], max_num_results: 2 };
    await world.client.chat.completions.create({
      model: "normal",
      messages,
      temperature: 0.3,
      seed: 7,
      tool_choice: "auto",
      // The client's types know neither `file_search` nor fields of other providers; the wire does.
      ...({ tools: [fileSearch, TOOL], min_p: 0.1 } as object),
    });
    const request = world.upstream.requestsTo("normal").at(-1);
    expect(request?.body).toMatchObject({
      model: "normal",
      temperature: 0.3,
      seed: 7,
      tools: [TOOL],
      tool_choice: "auto",
      min_p: 0.1,
    });
    expect(Object.keys(request?.body ?? {})).not.toContain("retrieval");
    expect(JSON.stringify(request?.body["messages"])).toContain("202,080 km");
    expect(request?.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
  });

  it("has no tools at all when file_search was the only one", async ({ expect }) => {
    const tools = [{ type: "file_search", vector_store_ids: ["small"] }];
    await world.client.chat.completions.create({
      model: "normal",
      messages,
      ...({ tools, tool_choice: "required" } as object),
    });
    const body = world.upstream.requestsTo("normal").at(-1)?.body ?? {};
    expect(Object.keys(body)).not.toContain("tools");
    expect(Object.keys(body)).not.toContain("tool_choice");
  });

  it("is cancelled when the client aborts", async ({ expect }) => {
    const stream = await world.client.chat.completions.create({ model: "endless", messages, stream: true });
    let seen = 0;
    for await (const _chunk of stream) {
      seen += 1;
      if (seen === 5) {
        break; // which aborts the request, as leaving the loop does for every user of the client
      }
    }
    await expect(world.upstream.aborted("endless")).resolves.toBeUndefined();
  });
});

describe("an upstream that fails after it began", () => {
  it.for([
    ["cut", "upstream_cut"],
    ["ends-early", "upstream_cut"],
    ["stall", "upstream_timeout"],
    ["malformed", "upstream_malformed"],
    ["error-frame", "upstream_unavailable"],
    // Not a byte, not even headers: by then the passages have been sent.
    ["mute", "upstream_timeout"],
  ] as const)("%s: an error, never a clean end", async ([script, code], { expect }) => {
    expect((await failureOf(script)).code).toBe(code);
  });
});

describe("an upstream that fails before it begins", () => {
  it.for([
    ["broken", 502, "upstream_unavailable", InternalServerError],
    ["bad-key", 502, "upstream_rejected", InternalServerError],
    ["bad-parameter", 400, "upstream_rejected", BadRequestError],
    ["rate-limited", 429, "upstream_rate_limited", RateLimitError],
    ["unreachable", 502, "upstream_unavailable", InternalServerError],
  ] as const)("%s: status %i without a stream", async ([model, status, code, errorClass], { expect }) => {
    const failure: unknown = await world.client.chat.completions
      .create({ model, messages })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(errorClass);
    expect(failure).toMatchObject({ status, code });
  });

  it.for([
    ["bad-parameter", 400],
    ["rate-limited", 429],
  ] as const)(
    "%s: status %i with a stream too, when the refusal comes at once",
    async ([model, status], { expect }) => {
      expect((await failureOf(model)).status).toBe(status);
    },
  );

  it("a server that stays broken ends a stream in an error as well", async ({ expect }) => {
    expect((await failureOf("broken")).code).toBe("upstream_unavailable");
  });

  it("the wait of a 429 is kept, then the answer comes", async ({ expect }) => {
    const startedAt = performance.now();
    const completion = await world.client.chat.completions.create({ model: "rate-limited-once", messages });
    expect(completion.choices[0]?.message.content).toBe(UPSTREAM_TEXT);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(world.upstream.requestsTo("rate-limited-once")).toHaveLength(2);
  });

  it("a long wait is passed on to the client", async ({ expect }) => {
    const failure: unknown = await world.client.chat.completions
      .create({ model: "rate-limited", messages })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RateLimitError);
    expect((failure as RateLimitError).headers.get("retry-after")).toBe("3600");
  });

  it("a single 500 is not seen by the client", async ({ expect }) => {
    expect(textOf(await streamOf("broken-once"))).toBe(UPSTREAM_TEXT);
  });

  it("the fallback answers", async ({ expect }) => {
    expect(textOf(await streamOf("with-fallback"))).toBe(UPSTREAM_TEXT);
  });
});

describe("the rest of the API", () => {
  it("embeddings in the client's default base64 are the floats", async ({ expect }) => {
    const input = ["Ouagadougou", "the longest coastline"];
    const model = "all-minilm-l6-v2-int8";
    const decoded = await world.client.embeddings.create({ model, input });
    const floats = await world.client.embeddings.create({ model, input, encoding_format: "float" });
    expect(decoded.data.map(({ embedding }) => embedding)).toEqual(floats.data.map(({ embedding }) => embedding));
    expect(decoded.data[0]?.embedding).toHaveLength(384);
    expect(decoded.usage.prompt_tokens).toBeGreaterThan(input.length);
  });

  it("models are the targets and the encoder", async ({ expect }) => {
    const ids: string[] = [];
    for await (const { id } of world.client.models.list()) {
      ids.push(id);
    }
    expect(ids).toEqual(expect.arrayContaining(["extractive", "normal", "all-minilm-l6-v2-int8"]));
    expect(await world.client.models.retrieve("extractive")).toMatchObject({ id: "extractive", object: "model" });
    await expect(world.client.models.retrieve("no/such model")).rejects.toBeInstanceOf(NotFoundError);
  });

  it("a wrong key is an AuthenticationError with the request's id", async ({ expect }) => {
    const stranger = new OpenAI({ apiKey: "guess", baseURL: `${world.worker.url}/v1`, maxRetries: 0 });
    const failure: unknown = await stranger.models.list().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect((failure as AuthenticationError).requestID).toMatch(/^[\w-]{36}$/);
  });

  it("keys and questions never reach the log", ({ expect }) => {
    const log = world.worker.logLines.join("\n");
    expect(log).toContain("/v1/chat/completions");
    for (const secret of [CLIENT_KEY, PROVIDER_KEY, "coastline", UPSTREAM_DELTAS[0]]) {
      expect(log).not.toContain(secret);
    }
  });
});
