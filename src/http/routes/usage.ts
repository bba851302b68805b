import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import { hasScope } from "../../tenancy/principal.ts";
import type { AppDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readQuery } from "../read-query.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { usageQuerySchema, usageSchema } from "../schemas/usage.ts";
import { toCsv, usageBody } from "../usage-body.ts";

const route = jsonRoute({
  method: "get",
  path: "/v1/usage",
  summary: "What was used, by tenant, key, day and model",
  description:
    "A key sees its own usage, up to this request; one with the scope admin sees everyone's, which is at most some seconds old (with `key`: up to this request). `format=csv` for spreadsheets.",
  query: usageQuerySchema,
  response: usageSchema,
  alternatives: { "text/csv": { schema: z.string() } },
});

type UsageDependencies = Pick<AppDependencies, "usage" | "ledgerOf">;

/** `GET /v1/usage`. */
export function registerUsage(app: OpenAPIHono<HttpEnvironment>, dependencies: UsageDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.get(route.path, (c) => usage(c, dependencies));
}

async function usage(c: HttpContext, { usage, ledgerOf }: UsageDependencies): Promise<Response> {
  const { group_by: groupBy, key, format, ...rest } = readQuery(c, usageQuerySchema);
  const { principal } = c.get("access");
  const keyId = hasScope(principal, "admin") ? key : principal.id;
  if (key !== undefined && key !== keyId) {
    throw new AppError("forbidden", "key: yours sees its own usage only", { details: { param: "key" } });
  }
  if (keyId !== undefined) {
    await ledgerOf(keyId).flush();
  }
  const rows = (await usage.sum({ ...rest, groupBy, keyId })).map(usageBody);
  if (format === "json") {
    return c.json({ object: "list", data: rows.map((row) => ({ object: "usage", ...row })) });
  }
  const columns = [...groupBy, ...CSV_COLUMNS];
  return c.body(toCsv(columns, rows), 200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="usage.csv"',
  });
}

const CSV_COLUMNS = [
  "requests",
  "completed",
  "failed",
  "refused",
  "aborted",
  "lost",
  "retrievals",
  "embed_tokens",
  "vectors_queried",
  "context_tokens",
  "prompt_tokens",
  "completion_tokens",
  "cost_usd",
];
