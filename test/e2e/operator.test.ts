import path from "node:path";
import { beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { demoUrl } from "../support/demo-url.ts";
import { runCliInProcess } from "../support/run-cli-in-process.ts";
import { runCli } from "../support/run-cli.ts";
import { SMALL_PASSAGES, uploadSmallCollection } from "../support/small-collection.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROJECT = path.resolve(import.meta.dirname, "../..");
const keySchema = z.looseObject({ id: z.string(), status: z.string(), key: z.string().optional() });
const retrievedSchema = z.looseObject({
  data: z.array(z.looseObject({ document_id: z.string(), text: z.string(), score: z.number() })),
});

let url: string;
beforeAll(async () => {
  url = await demoUrl();
});

async function aar(...argv: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runCliInProcess([...argv, "--url", url], PROJECT);
  if (code !== 0) {
    throw new Error(`aar ${argv.join(" ")}: ${stderr}${stdout}`);
  }
  return JSON.parse(stdout);
}

async function statusWith(key: string, route: string): Promise<number> {
  const response = await fetch(url + route, { headers: { authorization: `Bearer ${key}` } });
  await response.body?.cancel();
  return response.status;
}

describe("aar keys", () => {
  it("creates a key that opens what its scopes say, lists it, rotates it with a grace, narrows it, and revokes it", async ({
    expect,
  }) => {
    const created = keySchema.parse(
      await aar("keys", "create", "--tenant", "e2e", "--scopes", "retrieve", "--budget-usd", "5"),
    );
    const first = created.key ?? "";
    expect(first).toContain(created.id);
    expect([await statusWith(first, "/v1/models"), await statusWith(first, "/v1/admin/keys")]).toEqual([200, 403]);
    const listed = z.array(keySchema).parse(await aar("keys", "list", "--tenant", "e2e"));
    expect(listed).toMatchObject([{ id: created.id, status: "active", budget: { usd: 5 } }]);
    expect(JSON.stringify(listed)).not.toContain(first);
    const rotated = keySchema.parse(await aar("keys", "rotate", "--id", created.id, "--grace-seconds", "600"));
    const second = rotated.key ?? "";
    expect(second).not.toBe(first);
    expect([await statusWith(first, "/v1/models"), await statusWith(second, "/v1/models")]).toEqual([200, 200]);
    const changed = await aar("keys", "change", "--id", created.id, "--routes", "/v1/retrieve");
    expect(changed).toMatchObject({ routes: ["/v1/retrieve"], scopes: ["retrieve"], budget: { usd: 5 } });
    expect(await statusWith(second, "/v1/models")).toBe(403);
    expect(await aar("keys", "revoke", "--id", created.id)).toMatchObject({ status: "revoked" });
    expect([await statusWith(first, "/v1/models"), await statusWith(second, "/v1/models")]).toEqual([401, 401]);
  });
});

describe("aar export and import", () => {
  it("give a collection in which every search finds the same, with the same scores", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = path.join(await temporaryFolder(onTestFinished), "backup");
    await uploadSmallCollection(url, { name: "saved" });
    const document = `${SMALL_PASSAGES[0].text}\n\n# Rivers\n\nThe Mackenzie is the longest river of Canada.`;
    await fetch(`${url}/v1/collections/saved/documents/rivers`, {
      method: "PUT",
      headers: { "content-type": "text/markdown" },
      body: document,
    });
    expect(await aar("export", "--collection", "saved", "--output", folder)).toMatchObject({
      passages: SMALL_PASSAGES.length + 2,
      documents: 1,
      isConsistent: true,
    });
    expect(await aar("import", folder, "--collection", "restored")).toMatchObject({
      uploadedPassages: SMALL_PASSAGES.length,
      restoredDocuments: 1,
      verifiedPassages: SMALL_PASSAGES.length + 2,
    });
    for (const mode of ["dense", "lexical", "hybrid"]) {
      for (const query of ["longest coastline", "river of Canada", "capital of Burkina Faso"]) {
        const [before, after] = await Promise.all([search("saved", mode, query), search("restored", mode, query)]);
        expect(before.length).toBeGreaterThan(0);
        expect(after, `${mode}: ${query}`).toEqual(before);
      }
    }
    const other = await search("restored", "lexical", "fjords", { region: "Europe" });
    expect(other).toHaveLength(1);
  });
});

async function search(
  collection: string,
  mode: string,
  query: string,
  filter?: object,
): Promise<readonly (readonly [string, string, number])[]> {
  const response = await fetch(`${url}/v1/retrieve`, {
    method: "POST",
    body: JSON.stringify({ collection, mode, query, top_k: 10, ...(filter === undefined ? {} : { filter }) }),
  });
  const { data } = retrievedSchema.parse(await response.json());
  return data.map(({ document_id: id, text, score }) => [id, text, score] as const);
}

describe("aar doctor", () => {
  it("finds a running Worker well: encoder, fingerprints, as many vectors as passages", async ({ expect }) => {
    const diagnoses = z
      .array(z.looseObject({ check: z.string(), status: z.string(), detail: z.string() }))
      .parse(await aar("doctor", "--json"));
    expect(diagnoses.filter(({ status }) => status === "fail")).toEqual([]);
    expect(diagnoses.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["configuration", "encoder served", "fingerprints", "counts", "database size"]),
    );
    const size = diagnoses.find(({ check }) => check === "database size");
    expect(size?.detail).toMatch(/^bytes: [\d,]{7,} of 10,000,000,000/u);
  });

  it("ends with an error, and says what to do, when the Worker does not answer", async ({ expect }) => {
    const { code, stdout } = await runCli(["doctor", "--url", "http://127.0.0.1:9"], PROJECT);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/FAIL +worker .*could not be reached/u)]);
  });
});
