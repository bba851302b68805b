import type { OpenAPIHono } from "@hono/zod-openapi";
import type { EncodedTexts, Encoder } from "../../encoder/encoder.ts";
import { toBase64 } from "../../shared/base64.ts";
import { AppError, toAppError } from "../../shared/errors.ts";
import { estimateTokens } from "../../shared/estimate-tokens.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import {
  type EmbeddingsRequest,
  embeddingsRequestSchema,
  embeddingsResponseSchema,
  MAX_EMBEDDING_TOKENS,
} from "../schemas/embeddings.ts";
import { jsonRoute } from "../schemas/json-route.ts";

/** What an encoder puts around a text: its marks, and a prefix of a few words. */
const TEXT_OVERHEAD_TOKENS = 16;

const route = jsonRoute({
  method: "post",
  path: "/v1/embeddings",
  summary: "Embed texts with the encoder",
  request: embeddingsRequestSchema,
  response: embeddingsResponseSchema,
});

/** `POST /v1/embeddings`: the encoder in OpenAI's shape. */
export function registerEmbeddings(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => embeddings(c, dependencies));
}

async function embeddings(c: HttpContext, dependencies: RouteDependencies): Promise<Response> {
  const body = await readJson(c.req.raw, { schema: embeddingsRequestSchema });
  const encoder = await findModel(body.model, dependencies);
  const { name, dims } = encoder.manifest;
  if (encoder.manifest.compatibleWith !== undefined && body.input_type !== "query") {
    throw new AppError(
      "invalid_request",
      `input_type: ${name} encodes queries for another encoder's passages; say "input_type": "query"`,
      { details: { param: "input_type" } },
    );
  }
  if (body.dimensions !== undefined && body.dimensions !== dims) {
    throw new AppError(
      "invalid_request",
      `dimensions: ${name} has ${dims} dimensions and cannot be cut to ${body.dimensions}`,
      {
        details: { param: "dimensions" },
      },
    );
  }
  const meter = c.get("meter");
  meter.markModel(name);
  const most = body.input.reduce((sum, text) => sum + estimateTokens(text) + TEXT_OVERHEAD_TOKENS, 0);
  await meter.reserveEmbedding(most, { searches: 0 });
  const before = c.get("timings").elapsed();
  const { embeddings, tokenCount } = await encode(encoder, body, c.req.raw.signal);
  meter.counts.addEmbedding(tokenCount);
  c.get("timings").record("encode", c.get("timings").elapsed() - before);
  return c.json({
    object: "list",
    data: embeddings.map((embedding, index) => ({
      object: "embedding",
      index,
      embedding: body.encoding_format === "base64" ? toBase64(embedding) : [...embedding],
    })),
    model: name,
    usage: { prompt_tokens: tokenCount, total_tokens: tokenCount },
  });
}

/** By the name in its manifest; none: the encoder of the passages. */
async function findModel(name: string | undefined, { encoder, querySide }: RouteDependencies): Promise<Encoder> {
  const ofPassages = await encoder();
  if (name === undefined || name === ofPassages.manifest.name) {
    return ofPassages;
  }
  const known = [ofPassages.manifest.name];
  for (const { manifest, load } of querySide.encoders.entries.values()) {
    const { name: candidate } = await manifest();
    if (candidate === name) {
      return await load();
    }
    known.push(candidate);
  }
  throw new AppError(
    "unknown_model",
    `no embedding model "${name.slice(0, 128)}"; there is ${[...new Set(known)].map((candidate) => `"${candidate}"`).join(", ")}`,
    { details: { param: "model" } },
  );
}

async function encode(
  encoder: Encoder,
  { input, input_type }: EmbeddingsRequest,
  signal: AbortSignal,
): Promise<EncodedTexts> {
  const options = { signal, maxTokens: MAX_EMBEDDING_TOKENS };
  try {
    return input_type === "query"
      ? await encoder.encodeQueries(input, options)
      : await encoder.encodePassages(
          input.map((text) => ({ title: "", text })),
          options,
        );
  } catch (thrown) {
    const error = toAppError(thrown);
    throw error.code === "invalid_request"
      ? new AppError(error.code, `input: ${error.message}`, {
          cause: error,
          details: { ...error.details, param: "input" },
        })
      : error;
  }
}
