import { env } from "cloudflare:test";
import { it } from "vitest";
import { createD1Database } from "../../../src/platform/d1-database.ts";

it("says how to create the tables when there are none", async ({ expect }) => {
  const database = createD1Database(env.DB);
  await database.batch([{ sql: "ALTER TABLE collections RENAME TO elsewhere" }]);
  await expect(database.query({ sql: "SELECT * FROM collections" })).rejects.toMatchObject({
    code: "configuration_invalid",
    message: expect.stringContaining("wrangler d1 migrations apply"),
  });
});

it("leaves every other failure as it is", async ({ expect }) => {
  const database = createD1Database(env.DB);
  await expect(database.query({ sql: "SELECT * FROM nowhere" })).rejects.toThrowError("no such table: nowhere");
});
