import { env } from "cloudflare:workers";
import type { EmbeddedVectorize } from "../../../src/platform/embedded-vectorize.ts";
import type { VectorShard } from "../../../src/platform/vector-shard.ts";

/** The generated types unite both environments; the tests run in the local one, whose binding is our own entrypoint. */
export const vectorize = env.VECTORIZE as Service<EmbeddedVectorize>;

/** A Durable Object of the embedded index's class, by name; "0" is the one behind `vectorize`. */
export function vectorShard(name: string): DurableObjectStub<VectorShard> {
  if (env.VECTOR_SHARD === undefined) {
    throw new Error("wrangler.toml has no VECTOR_SHARD at its top level");
  }
  return env.VECTOR_SHARD.getByName(name);
}
