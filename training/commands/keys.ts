import { z } from "zod";
import { defineCommand, UsageError } from "../define-command.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import { openAdminClient, workerFlags } from "./worker-flags.ts";

const ACTIONS = ["list", "create", "change", "rotate", "revoke"] as const;
const SCOPES = ["retrieve", "generate", "ingest", "metrics", "admin"] as const;

const options = z.strictObject({
  action: z.enum(ACTIONS).default("list").meta({ placeholder: "action", description: "also as a plain word" }),
  url: workerFlags.url,
  id: z.string().optional().meta({ placeholder: "id", description: "change, rotate, revoke: which key" }),
  tenant: z.string().optional().meta({ placeholder: "name", description: "create: whose key; list: of whom" }),
  name: z.string().optional().meta({ placeholder: "text", description: "for people; create: default the tenant's" }),
  scopes: z.array(z.enum(SCOPES)).optional().meta({ placeholder: "list", description: "what it may do" }),
  collections: z.array(z.string()).optional().meta({
    placeholder: "names",
    description: "collections it reaches, a trailing * for any ending; create: default <tenant>.*",
  }),
  models: z.array(z.string()).optional().meta({ placeholder: "names", description: "target LMs, in the same way" }),
  routes: z.array(z.string()).optional().meta({ placeholder: "paths", description: "routes, in the same way" }),
  tier: z.string().optional().meta({ placeholder: "name", description: "of the Worker's RATE_TIERS" }),
  budgetTokens: z.int().min(0).optional().meta({ description: "tokens of a month" }),
  budgetUsd: z.number().min(0).optional().meta({ description: "dollars of a month, by the Worker's PRICES" }),
  expiresInDays: z.number().min(0).optional().meta({ description: "create, change: days from now" }),
  graceSeconds: z.int().min(0).default(0).meta({ description: "rotate: for how long the key before opens too" }),
});
type Options = z.output<typeof options>;

const keySchema = z.looseObject({ id: z.string(), tenant: z.string(), name: z.string(), status: z.string() });
const newKeySchema = keySchema.extend({ key: z.string() });
const listSchema = z.looseObject({ data: z.array(keySchema) });

/** `aar keys`: see the description below. */
export const keysCommand = defineCommand({
  summary: "API keys of a Worker: list, create, change, rotate, revoke",
  description: `Each key belongs to a tenant and is bound to scopes, collections, target LMs, routes, a rate tier and a monthly budget; the Worker
enforces them. create and rotate print the key once: only its hash is kept. change leaves as it is what no flag names.
The key of the operator is read from the environment variable AAR_ADMIN_KEY (the Worker's secret ADMIN_KEY). Prints JSON.`,
  examples: [
    "keys create --url http://localhost:8787 --tenant acme --scopes retrieve,generate --tier free --budget-usd 20",
    "keys list --url http://localhost:8787 --tenant acme",
    "keys rotate --url http://localhost:8787 --id abcdefghjkmn --grace-seconds 3600",
    "keys revoke --url http://localhost:8787 --id abcdefghjkmn",
  ],
  options,
  argument: "action",
  async run(given, { print, env, signal }) {
    print(JSON.stringify(await ACTS[given.action](openAdminClient(given.url, { env, signal }), given), undefined, 2));
  },
});

const ALL = "/v1/admin/keys";

const ACTS: Readonly<Record<(typeof ACTIONS)[number], (client: AdminClient, given: Options) => Promise<unknown>>> = {
  list: async (client, { tenant }) => {
    const query = tenant === undefined ? "" : `?tenant=${encodeURIComponent(tenant)}`;
    return (await client.send({ method: "GET", path: ALL + query, schema: listSchema })).data;
  },
  create: async (client, { tenant, scopes, name, ...given }) => {
    if (tenant === undefined || scopes === undefined) {
      throw new UsageError("keys create needs --tenant NAME and --scopes LIST");
    }
    const body = JSON.stringify({ tenant, scopes, name: name ?? tenant, ...settingsOf(given) });
    // A key that was made and whose reply was lost would be made a second time, and the first one stay.
    return await client.send({ method: "POST", path: ALL, body, schema: newKeySchema, retries: 0 });
  },
  change: async (client, { id, name, scopes, ...given }) => {
    const settings = settingsOf(given);
    const body = JSON.stringify({ name, scopes, ...settings });
    if (body === "{}") {
      throw new UsageError("keys change needs a flag that says what to change");
    }
    return await client.send({ method: "PATCH", path: pathOf(id), body, schema: keySchema });
  },
  rotate: async (client, { id, graceSeconds }) => {
    const body = JSON.stringify({ grace_seconds: graceSeconds });
    return await client.send({ method: "POST", path: `${pathOf(id)}/rotate`, body, schema: newKeySchema, retries: 0 });
  },
  revoke: (client, { id }) => client.send({ method: "DELETE", path: pathOf(id), schema: keySchema }),
};

function pathOf(id: string | undefined): string {
  if (id === undefined) {
    throw new UsageError("which key? --id ID, as `keys list` prints it");
  }
  return `${ALL}/${encodeURIComponent(id)}`;
}

/** As the wire has them; what was not given is left out. */
function settingsOf({
  collections,
  models,
  routes,
  tier,
  budgetTokens,
  budgetUsd,
  expiresInDays,
}: Omit<Options, "action" | "url" | "graceSeconds">): object {
  const budget = { tokens: budgetTokens, usd: budgetUsd };
  return {
    collections,
    models,
    routes,
    tier,
    ...(budgetTokens === undefined && budgetUsd === undefined ? {} : { budget }),
    ...(expiresInDays === undefined
      ? {}
      : { expires_at: Math.floor(Date.now() / 1000) + Math.round(expiresInDays * 86_400) }),
  };
}
