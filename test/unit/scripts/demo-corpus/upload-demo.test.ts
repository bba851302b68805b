import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { writeDemoCorpus } from "../../../../scripts/demo-corpus/demo-data.ts";
import { uploadDemo } from "../../../../scripts/demo-corpus/upload-demo.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const uploadSchema = z.object({ passages: z.array(z.object({ id: z.string() })) });

/** The admin routes over a set of ids; `stored` may hold passages of an older demo. */
async function serveAdmin(
  stored: Set<string>,
  onTestFinished: (cleanUp: () => void) => void,
  adminKey?: string,
): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  let version = 1;
  let exists = stored.size > 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push(request.method ?? "");
      if (adminKey !== undefined && request.headers.authorization !== `Bearer ${adminKey}`) {
        response.writeHead(401).end();
        return;
      }
      const collection = (): object => ({
        name: "factbook",
        encoder_fingerprint: "f",
        encoder_name: "e",
        dims: 384,
        fusion: { method: "rrf", rrf_k: 60 },
        version,
        passage_count: stored.size,
      });
      if (request.method === "DELETE") {
        stored.clear();
        exists = false;
      } else if (request.method === "PUT") {
        exists = true;
      } else if (request.method === "POST") {
        version++;
        uploadSchema.parse(JSON.parse(Buffer.concat(parts).toString())).passages.forEach(({ id }) => stored.add(id));
      }
      const replies: Record<string, object> = {
        GET: { data: exists ? [collection()] : [] },
        PUT: collection(),
        POST: { upserted: 1, mutation_id: null, collection: collection() },
        DELETE: { deleted: true },
      };
      const body = replies[request.method ?? ""];
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`, requests };
}

describe("uploadDemo", () => {
  let corpusFolder: string;
  let file: string;
  let count: number;
  beforeAll(async () => {
    corpusFolder = await mkdtemp(path.join(tmpdir(), "aar-"));
    ({ file, count } = await writeDemoCorpus(corpusFolder));
  });
  afterAll(() => rm(corpusFolder, { recursive: true }));

  it("uploads every passage, and nothing the second time", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const stored = new Set<string>();
    const { url } = await serveAdmin(stored, onTestFinished);
    const receipt = path.join(folder, "receipt.jsonl");
    expect(await uploadDemo({ url, corpus: file, receipt })).toMatchObject({ uploaded: count, passageCount: count });
    expect(stored.size).toBe(count);
    expect(await uploadDemo({ url, corpus: file, receipt })).toMatchObject({ uploaded: 0, skipped: count });
  });

  it("replaces an older demo, whose passages would stay otherwise, with the admin key in every request", async ({
    expect,
    onTestFinished,
  }) => {
    const stored = new Set(["a-passage-of-last-year"]);
    const { url, requests } = await serveAdmin(stored, onTestFinished, "root");
    expect(await uploadDemo({ url, adminKey: "root", corpus: file })).toMatchObject({ passageCount: count });
    expect(requests).toContain("DELETE");
    expect(stored.has("a-passage-of-last-year")).toBe(false);
  });
});
