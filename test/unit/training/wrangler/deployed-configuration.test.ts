import { readFile } from "node:fs/promises";
import { describe, it } from "vitest";
import { withDatabaseId } from "../../../../training/wrangler/deployed-configuration.ts";

describe("withDatabaseId", () => {
  it("changes the one line of production's database in this project's file", async ({ expect }) => {
    const before = await readFile("wrangler.toml", "utf8");
    const after = withDatabaseId(before, { name: "aar", id: "an-id" });
    const differing = after.split("\n").filter((line, index) => line !== before.split("\n")[index]);
    expect(differing).toEqual(['database_id = "an-id"']);
    expect(after.indexOf('database_id = "an-id"')).toBeGreaterThan(after.indexOf("[[env.production.d1_databases]]"));
    expect(withDatabaseId(after, { name: "aar", id: "replace-with-your-database-id" })).toBe(before);
  });

  it("says what to add to a file without that line", ({ expect }) => {
    expect(() => withDatabaseId("[[d1_databases]]\n", { name: "aar", id: "an-id" })).toThrow('database_id = "an-id"');
  });
});
