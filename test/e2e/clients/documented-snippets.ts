import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { CLIENT_KEY, type OpenAiWorld } from "../../support/openai-world.ts";
import { SMALL_COLLECTION } from "../../support/small-collection.ts";

const SNIPPET = /^## (?<client>[^\n]+)\n\n```ts\n(?<code>.+?)\n```$/gmsu;

/** The snippets of docs/clients.md, each a program of its own, against a running Worker. */
export function describeSnippets(worldOf: () => OpenAiWorld): void {
  describe("docs/clients.md", () => {
    it("has snippets that answer the question", async ({ expect }) => {
      const text = await readFile("docs/clients.md", "utf8");
      const snippets = [...text.matchAll(SNIPPET)].flatMap(({ groups }) => (groups === undefined ? [] : [groups]));
      expect(snippets.map(({ client }) => client)).toEqual([
        "OpenAI, chat completions",
        "OpenAI, Responses",
        "Vercel AI SDK",
        "Anthropic",
        "MCP",
      ]);
      // Inside of the project, where the clients are found.
      const folder = await mkdtemp(path.join("test", "e2e", "snippets-"));
      try {
        for (const [index, { client, code = "" }] of snippets.entries()) {
          const file = path.join(folder, `${index}.ts`);
          const program = code
            .replaceAll("http://localhost:8787", worldOf().worker.url)
            .replaceAll("factbook", SMALL_COLLECTION);
          await writeFile(file, program);
          const { stdout } = await promisify(execFile)(process.execPath, [file], {
            env: { ...process.env, KEY: CLIENT_KEY },
          });
          expect([client, stdout]).toEqual([client, expect.stringContaining("Canada has the longest coastline")]);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });
}
