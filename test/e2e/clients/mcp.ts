import { describe, it } from "vitest";
import { callTool, connectMcp } from "../../support/mcp-client.ts";
import { CLIENT_KEY, type OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_PASSAGES } from "../../support/small-collection.ts";

/** The Model Context Protocol's client against a running Worker. */
export function describeMcpClient(worldOf: () => OpenAiWorld): void {
  const url = (): string => `${worldOf().worker.url}/mcp`;
  const [canada] = SMALL_PASSAGES;

  describe("the MCP client", () => {
    it("searches, and fetches what it found", async ({ expect }) => {
      const client = await connectMcp({ url: url(), headers: { authorization: `Bearer ${CLIENT_KEY}` } });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["search", "fetch"]);
      const found = await callTool(client, "search", { query: "Which country has the longest coastline?" });
      const [best] = (found.structuredContent as { results: { id: string }[] }).results;
      expect(best).toMatchObject({ title: canada.title, url: canada.url, text: canada.text });
      const document = await callTool(client, "fetch", { id: best?.id });
      expect(document.structuredContent).toMatchObject({
        id: best?.id,
        text: canada.text,
        url: canada.url,
        metadata: canada.metadata,
      });
      await client.close();
    });

    it("is not let in without a key", async ({ expect }) => {
      await expect(connectMcp({ url: url() })).rejects.toMatchObject({ code: 401 });
    });
  });
}
