import { z } from "zod";

const healthSchema = z.looseObject({ encoder: z.looseObject({ name: z.string() }) });

export interface WarmUpOptions {
  /** Base URL of the Worker. */
  readonly url: string;
  readonly collection: string;
  /** One of the Worker's `API_KEYS`; a local Worker may have none. */
  readonly apiKey: string | undefined;
}

/** Loads the encoder and the index into the isolate, so that the first question is answered as fast as the next ones. */
export async function warmUp({ url, collection, apiKey }: WarmUpOptions): Promise<string> {
  const response = await fetch(`${url}/health`);
  const { encoder } = healthSchema.parse(await response.json());
  const retrieved = await fetch(`${url}/v1/retrieve`, {
    method: "POST",
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ collection, query: "Which country has the longest coastline?", top_k: 1 }),
  });
  if (!retrieved.ok) {
    throw new Error(`the Worker cannot retrieve: ${await retrieved.text()}`);
  }
  return `${encoder.name}, warm`;
}
