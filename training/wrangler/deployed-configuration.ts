import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { parseEmbeddedIndexSettings } from "../../src/vector-index/embedded-index-settings.ts";
import type { EmbeddedIndexSettings } from "../../src/vector-index/embedded-index-settings.ts";

/** The environment of wrangler.toml that goes to an account; the top level is this machine's. */
export const PRODUCTION = "production";

const ID_PLACEHOLDER = "replace-with-your-database-id";

const configurationSchema = z.looseObject({
  name: z.string(),
  account_id: z.string().optional(),
  vars: z.record(z.string(), z.unknown()),
  vectorize: z.array(z.looseObject({ binding: z.string(), index_name: z.string() })),
  d1_databases: z.array(
    z.looseObject({ binding: z.string(), database_name: z.string(), database_id: z.string().optional() }),
  ),
  r2_buckets: z.array(z.looseObject({ binding: z.string(), bucket_name: z.string() })),
  queues: z.looseObject({
    producers: z.array(z.looseObject({ queue: z.string() })).optional(),
    consumers: z.array(z.looseObject({ queue: z.string(), dead_letter_queue: z.string().optional() })).optional(),
  }),
});

/** What `[env.production]` of wrangler.toml asks of an account. */
export interface DeployedConfiguration {
  /** The file it stands in. */
  readonly file: string;
  readonly workerName: string;
  readonly accountId: string | undefined;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly vectorIndex: string;
  /** What the vector index has to be like: the embedded one's settings, so that what works here works there. */
  readonly vectorSettings: EmbeddedIndexSettings;
  readonly database: { readonly name: string; /** Undefined: not created yet. */ readonly id: string | undefined };
  readonly bucket: string;
  /** A dead-letter queue before the queue whose dead letters it gets. */
  readonly queues: readonly string[];
}

/**
 * Reads `[env.production]` as wrangler does.
 * @throws AppError `configuration_invalid` when wrangler refuses the file, or a binding that the Worker needs is not there.
 */
export async function readDeployedConfiguration(file: string): Promise<DeployedConfiguration> {
  const production = await readEnvironment(file, PRODUCTION);
  const local = await readEnvironment(file, undefined);
  const database = required(production.d1_databases[0], file, "d1_databases");
  const consumers = production.queues.consumers ?? [];
  const queues = [
    ...consumers.flatMap(({ dead_letter_queue: dead }) => dead ?? []),
    ...consumers.map(({ queue }) => queue),
    ...(production.queues.producers ?? []).map(({ queue }) => queue),
  ];
  return {
    file: path.resolve(file),
    workerName: production.name,
    accountId: production.account_id,
    vars: production.vars,
    vectorIndex: required(production.vectorize[0], file, "vectorize").index_name,
    vectorSettings: parseEmbeddedIndexSettings(local.vars["EMBEDDED_VECTORIZE"]),
    database: {
      name: database.database_name,
      id: database.database_id === ID_PLACEHOLDER ? undefined : database.database_id,
    },
    bucket: required(production.r2_buckets[0], file, "r2_buckets").bucket_name,
    queues: [...new Set(queues)],
  };
}

async function readEnvironment(file: string, env: string | undefined): Promise<z.output<typeof configurationSchema>> {
  // Loaded when it is needed: 15 MB.
  const { unstable_readConfig: readConfig } = await import("wrangler");
  let raw: unknown;
  try {
    raw = readConfig({ config: file, ...(env === undefined ? {} : { env }) }, { hideWarnings: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("configuration_invalid", `${file}: ${reason}`, { cause });
  }
  const parsed = configurationSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("configuration_invalid", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function required<Value>(value: Value | undefined, file: string, table: string): Value {
  if (value === undefined) {
    throw new AppError(
      "configuration_invalid",
      `${file} has no [[env.${PRODUCTION}.${table}]], which the Worker needs; see the file as it came`,
    );
  }
  return value;
}

/**
 * The text of wrangler.toml with the id of a database of `[env.production]` put in; nothing else changes.
 * @throws AppError `configuration_invalid` when the file does not have that line.
 */
export function withDatabaseId(text: string, { name, id }: { readonly name: string; readonly id: string }): string {
  let isReplaced = false;
  const tables = text.split(/^(?=\[)/mu).map((table) => {
    const header = /^\[+([^\]]+)\]+/u.exec(table)?.[1]?.trim();
    return header === `env.${PRODUCTION}.d1_databases` && table.includes(`database_name = ${JSON.stringify(name)}`)
      ? table.replace(/^(\s*database_id\s*=\s*)"[^"]*"/mu, (_line, key: string) => {
          isReplaced = true;
          return `${key}${JSON.stringify(id)}`;
        })
      : table;
  });
  if (!isReplaced) {
    throw new AppError(
      "configuration_invalid",
      `wrangler.toml has no line database_id in [[env.${PRODUCTION}.d1_databases]] of "${name}"; add: database_id = "${id}"`,
    );
  }
  return tables.join("");
}
