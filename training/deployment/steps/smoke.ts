import { z } from "zod";
import { AppError, toAppError } from "../../../src/shared/errors.ts";
import { withRetry } from "../../../src/shared/retry.ts";
import { createAdminClient } from "../../indexing/admin-client.ts";
import type { AdminClient } from "../../indexing/admin-client.ts";
import type { DeploymentStep } from "../deployment-step.ts";

const healthSchema = z.looseObject({
  mode: z.string(),
  encoder: z.looseObject({ name: z.string() }),
  default_collection: z.looseObject({ name: z.string(), exists: z.boolean() }),
  warnings: z.array(z.string()),
});
const retrievedSchema = z.looseObject({ passages: z.array(z.unknown()) });
const embeddedSchema = z.looseObject({ data: z.array(z.looseObject({ embedding: z.array(z.number()) })).min(1) });

const QUERY = "Does this Worker answer?";

/** A new address takes a while to be known everywhere: about two minutes are waited for it. */
const RETRIES = 12;

/** Whether the Worker answers: health, which loads its encoder, and with the operator's key a query. */
export const smokeStep: DeploymentStep = {
  title: "smoke query",
  async run({ state: { url }, adminKey, fetch, signal, isDry, warn }) {
    const base = url ?? "https://…";
    if (isDry) {
      return `GET ${base}/health, POST ${base}/v1/retrieve`;
    }
    const client = createAdminClient({ url: base, adminKey, fetch, signal });
    const health = await withRetry(() => fetchHealth(client), { signal, retries: RETRIES, maxDelayMs: 15_000 });
    if (health.mode !== "production") {
      throw new AppError("configuration_invalid", `${base} runs in mode "${health.mode}", expected "production"`);
    }
    if (adminKey === undefined) {
      warn("no query was tried: AAR_ADMIN_KEY is not set");
      return `${base}/health: ${health.encoder.name}`;
    }
    return await query(client, health);
  },
};

/** Until an address is known, Cloudflare answers for it with 404. */
async function fetchHealth(client: AdminClient): Promise<z.output<typeof healthSchema>> {
  try {
    return await client.send({ method: "GET", path: "/health", schema: healthSchema, retries: 0 });
  } catch (error) {
    const { code, message, details, isRetryable } = toAppError(error);
    throw new AppError(code, message, { cause: error, details, isRetryable: isRetryable || details["status"] === 404 });
  }
}

/** Of a Worker without the default collection, all that a query needs but the collection is tried. */
async function query(
  client: AdminClient,
  { default_collection: collection, encoder }: z.output<typeof healthSchema>,
): Promise<string> {
  if (!collection.exists) {
    const body = JSON.stringify({ input: QUERY });
    await client.send({ method: "POST", path: "/v1/embeddings", body, schema: embeddedSchema });
    return `${encoder.name} encodes; the collection "${collection.name}" is yet to be uploaded or imported`;
  }
  const body = JSON.stringify({ collection: collection.name, query: QUERY, top_k: 1, on_error: "fail" });
  const { passages } = await client.send({ method: "POST", path: "/v1/retrieve", body, schema: retrievedSchema });
  return `${encoder.name}, ${passages.length} passage of "${collection.name}"`;
}
