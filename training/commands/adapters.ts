import { z } from "zod";
import { defineCommand, UsageError } from "../define-command.ts";
import { createQuerySideClient } from "../indexing/query-side-client.ts";
import type { QuerySideClient, QuerySideUse, WireAdapter } from "../indexing/query-side-client.ts";
import { openAdminClient, workerFlags } from "./worker-flags.ts";

const ACTIONS = ["list", "load", "use", "delete", "shadow"] as const;

const options = z.strictObject({
  action: z.enum(ACTIONS).default("list").meta({ placeholder: "action", description: "also as a plain word" }),
  ...workerFlags,
  adapter: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "load: the file that `train --mode query-adapter` wrote" }),
  name: z.string().optional().meta({
    placeholder: "name",
    description: "load: default the adapter's own; use: none for no adapter; delete",
  }),
  encoder: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "query encoder below the adapter; default: the one it was trained for" }),
  default: z.boolean().default(false).describe("use it for every request that does not say otherwise"),
  models: z
    .array(z.string())
    .default([])
    .meta({ placeholder: "names", description: "use it for requests to these target LMs" }),
  shadow: z.boolean().default(false).describe("use it as the shadow: record what it finds, serve the others' passages"),
  share: z.number().min(0).max(1).default(1).meta({ description: "with --shadow: share of the requests" }),
  logQuery: z.boolean().default(false).describe("with --shadow: keep the query's text in the record"),
});
type Options = z.output<typeof options>;

/** `aar adapters`: see the description below. */
export const adaptersCommand = defineCommand({
  summary: "query adapters of a Worker's collection: list, load, use, delete, compare in the shadow",
  description: `An adapter changes query embeddings only, so it takes effect at once over the vectors that are there. The Worker refuses one that was
trained for other vectors or another query encoder. --default, --models and --shadow say where it is used, with load and
with use; what they do not name stays as it is. A request may ask for another one ("retrieval": {"adapter": …}).

list prints what there is and what is used when; shadow prints how often the shadow would have changed what was served. The key is read
from the environment variable AAR_ADMIN_KEY.`,
  examples: [
    "adapters load --url http://localhost:8787 --collection docs --adapter runs/adapter/adapter.safetensors --default",
    "adapters use --url http://localhost:8787 --collection docs --name docs-small --models gpt-small",
    "adapters shadow --url http://localhost:8787 --collection docs",
  ],
  options,
  argument: "action",
  async run(given, { print, env, signal }) {
    const client = createQuerySideClient(openAdminClient(given.url, { env, signal }), given.collection);
    print(JSON.stringify(await ACTS[given.action](client, given), undefined, 2));
  },
});

const ACTS: Readonly<Record<(typeof ACTIONS)[number], (client: QuerySideClient, given: Options) => Promise<unknown>>> =
  {
    list: async (client) => {
      const [querySide, loaded] = [await client.read(), await client.list()];
      return { ...querySide, loaded };
    },
    load: async (client, given) => {
      if (given.adapter === undefined) {
        throw new UsageError("adapters load needs --adapter FILE");
      }
      const loaded: WireAdapter = await client.load(given.adapter, given.name);
      const use = useOf(given, loaded.name);
      return use === undefined ? { loaded } : { loaded, ...(await client.use(use)) };
    },
    use: async (client, given) => {
      const use = useOf(given, given.name);
      if (use === undefined) {
        throw new UsageError("adapters use needs --default, --models or --shadow");
      }
      return await client.use(use);
    },
    delete: async (client, { name }) => {
      if (name === undefined) {
        throw new UsageError("adapters delete needs --name");
      }
      await client.delete(name);
      return { deleted: name };
    },
    shadow: (client) => client.summarizeShadow(),
  };

function useOf(given: Options, name: string | undefined): QuerySideUse | undefined {
  const { encoder, default: isDefault, models, shadow, share, logQuery } = given;
  if (!isDefault && models.length === 0 && !shadow) {
    return undefined;
  }
  if (name === undefined && encoder === undefined) {
    throw new UsageError("say what to use: --name NAME (none for no adapter), --encoder NAME, or both");
  }
  return {
    side: {
      ...(encoder === undefined ? {} : { encoder }),
      ...(name === undefined ? {} : { adapter: name === "none" ? null : name }),
    },
    isDefault,
    models,
    shadow: shadow ? { share, log_query: logQuery } : undefined,
  };
}
