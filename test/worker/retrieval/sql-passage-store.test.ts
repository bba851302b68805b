import { env } from "cloudflare:test";
import { test } from "vitest";
import { createD1Database } from "../../../src/platform/d1-database.ts";

test("the migrations are applied", async ({ expect }) => {
  const rows = await createD1Database(env.DB).query({
    sql: "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1",
  });
  expect(rows).toHaveLength(3);
});
