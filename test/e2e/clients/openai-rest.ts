import OpenAI, { AuthenticationError, NotFoundError } from "openai";
import { describe, it } from "vitest";
import { CLIENT_KEY, type OpenAiWorld, PROVIDER_KEY } from "../../support/openai-world.ts";
import { UPSTREAM_DELTAS } from "../../support/upstream-scripts.ts";

/** Embeddings, models and keys by OpenAI's client against a running Worker, and what the Worker has logged by then. */
export function describeOpenAiRest(worldOf: () => OpenAiWorld): void {
  describe("the rest of the API", () => {
    it("embeddings in the client's default base64 are the floats", async ({ expect }) => {
      const input = ["Ouagadougou", "the longest coastline"];
      const model = "all-minilm-l6-v2-int8";
      const decoded = await worldOf().client.embeddings.create({ model, input });
      const floats = await worldOf().client.embeddings.create({ model, input, encoding_format: "float" });
      expect(decoded.data.map(({ embedding }) => embedding)).toEqual(floats.data.map(({ embedding }) => embedding));
      expect(decoded.data[0]?.embedding).toHaveLength(384);
      expect(decoded.usage.prompt_tokens).toBeGreaterThan(input.length);
    });

    it("models are the targets and the encoder", async ({ expect }) => {
      const ids: string[] = [];
      for await (const { id } of worldOf().client.models.list()) {
        ids.push(id);
      }
      expect(ids).toEqual(expect.arrayContaining(["extractive", "normal", "all-minilm-l6-v2-int8"]));
      expect(await worldOf().client.models.retrieve("extractive")).toMatchObject({ id: "extractive", object: "model" });
      await expect(worldOf().client.models.retrieve("no/such model")).rejects.toBeInstanceOf(NotFoundError);
    });

    it("a wrong key is an AuthenticationError with the request's id", async ({ expect }) => {
      const stranger = new OpenAI({ apiKey: "guess", baseURL: `${worldOf().worker.url}/v1`, maxRetries: 0 });
      const failure: unknown = await stranger.models.list().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AuthenticationError);
      expect((failure as AuthenticationError).requestID).toMatch(/^[\w-]{36}$/);
    });

    it("keys and questions never reach the log", ({ expect }) => {
      const log = worldOf().worker.logLines.join("\n");
      expect(log).toContain("/v1/chat/completions");
      for (const secret of [CLIENT_KEY, PROVIDER_KEY, "coastline", UPSTREAM_DELTAS[0]]) {
        expect(log).not.toContain(secret);
      }
    });
  });
}
