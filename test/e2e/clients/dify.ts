import { describe, it } from "vitest";
import { CLIENT_KEY, type OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_COLLECTION, SMALL_PASSAGES } from "../../support/small-collection.ts";

/** Requests as Dify's server sends them, which has no client library, against a running Worker. */
export function describeDify(worldOf: () => OpenAiWorld): void {
  const retrieve = async (more: object, key = CLIENT_KEY): Promise<{ status: number; json: unknown }> => {
    const response = await fetch(`${worldOf().worker.url}/retrieval`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        knowledge_id: SMALL_COLLECTION,
        query: "Which country has the longest coastline?",
        retrieval_setting: { top_k: 2, score_threshold: 0 },
        ...more,
      }),
    });
    return { status: response.status, json: await response.json() };
  };

  describe("Dify", () => {
    it("finds the passages, best first", async ({ expect }) => {
      const [canada] = SMALL_PASSAGES;
      const { status, json } = await retrieve({});
      expect(status).toBe(200);
      expect(json).toMatchObject({
        records: [
          { content: canada.text, title: canada.title, metadata: { ...canada.metadata, url: canada.url } },
          { score: expect.any(Number) },
        ],
      });
    });

    it("hears in its own codes what is wrong", async ({ expect }) => {
      expect(await retrieve({}, "guess")).toMatchObject({ status: 401, json: { error_code: 1002 } });
      expect(await retrieve({ knowledge_id: "nowhere" })).toMatchObject({ status: 404, json: { error_code: 2001 } });
    });
  });
}
