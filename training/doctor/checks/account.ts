import { z } from "zod";
import { missingSecrets } from "../../deployment/required-secrets.ts";
import { PRODUCTION } from "../../wrangler/deployed-configuration.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import { ok } from "../doctor-check.ts";
import type { DoctorCheck, DoctorContext, Finding } from "../doctor-check.ts";

const indexesSchema = z.array(
  z.looseObject({ name: z.string(), config: z.looseObject({ dimensions: z.int(), metric: z.string() }) }),
);
const metadataSchema = z.array(z.looseObject({ propertyName: z.string(), indexType: z.string() }));
const databasesSchema = z.array(z.looseObject({ uuid: z.string(), name: z.string() }));
const secretsSchema = z.array(z.looseObject({ name: z.string() }));

const DEPLOY = "npm run aar -- deploy makes it";

async function ask<Schema extends z.ZodType>(
  { wrangler }: DoctorContext,
  args: readonly string[],
  schema: Schema,
): Promise<z.output<Schema>> {
  return parseJsonOutput((await wrangler.look(args)) ?? "", schema, args);
}

/** The Vectorize index and its metadata indexes against EMBEDDED_VECTORIZE. */
export const accountVectorIndexCheck: DoctorCheck = {
  name: "Vectorize",
  scope: "account",
  async run(context) {
    const { vectorIndex: name, vectorSettings } = await context.configuration();
    const { dimensions, metric, metadataIndexes } = vectorSettings;
    const index = (await ask(context, ["vectorize", "list", "--json"], indexesSchema)).find((one) => one.name === name);
    if (index === undefined) {
      return { status: "fail", detail: `there is no index "${name}"`, advice: DEPLOY };
    }
    const { config } = index;
    if (config.dimensions !== dimensions || config.metric !== metric) {
      return {
        status: "fail",
        detail: `"${name}" has ${config.dimensions} dimensions, ${config.metric}; EMBEDDED_VECTORIZE says ${dimensions}, ${metric}`,
        advice: "name another index_name in wrangler.toml, and upload anew",
      };
    }
    const there = await ask(context, ["vectorize", "list-metadata-index", name, "--json"], metadataSchema);
    const types = new Map(there.map(({ propertyName, indexType }) => [propertyName, indexType.toLowerCase()]));
    const wrong = Object.entries(metadataIndexes).filter(([property, type]) => types.get(property) !== type);
    return wrong.length === 0
      ? ok(`"${name}": ${dimensions} dimensions, ${metric}, metadata indexes ${[...types.keys()].join(", ") || "none"}`)
      : {
          status: "fail",
          detail: `metadata indexes missing, or of another type: ${wrong.map(([property]) => property).join(", ")}`,
          advice: `${DEPLOY}; vectors that are there already have to be uploaded again to be filterable by them`,
        };
  },
};

/** The database, and whether it has had every migration. */
export const accountDatabaseCheck: DoctorCheck = {
  name: "D1",
  scope: "account",
  async run(context) {
    const { database } = await context.configuration();
    const known = await ask(context, ["d1", "list", "--json"], databasesSchema);
    if (database.id === undefined || !known.some(({ uuid }) => uuid === database.id)) {
      const detail =
        database.id === undefined ? "wrangler.toml has no database_id" : `this account has no database ${database.id}`;
      return { status: "fail", detail, advice: database.id === undefined ? DEPLOY : "another account? see --account" };
    }
    const pending = await context.wrangler.look([
      "d1",
      "migrations",
      "list",
      database.name,
      "--remote",
      "--env",
      PRODUCTION,
    ]);
    return pending?.includes("No migrations to apply") === true
      ? ok(`"${database.name}" is there, with all migrations`)
      : {
          status: "fail",
          detail: `"${database.name}" lacks migrations`,
          advice: `npx wrangler d1 migrations apply ${database.name} --remote --env ${PRODUCTION}`,
        };
  },
};

/** Bucket and queues. */
export const accountStorageCheck: DoctorCheck = {
  name: "R2 and queues",
  scope: "account",
  async run({ configuration, wrangler }) {
    const { bucket, queues } = await configuration();
    const looks = [["r2", "bucket", "info", bucket, "--json"], ...queues.map((queue) => ["queues", "info", queue])];
    const findings: Finding[] = [];
    for (const args of looks) {
      const isThere = (await wrangler.look(args, { missing: /does not exist|code: 10006/u })) !== undefined;
      const name = args.find((word) => word === bucket || queues.includes(word));
      findings.push(
        isThere
          ? ok(`${name} is there`)
          : { status: "fail", detail: `there is no ${args[0]} "${name}"`, advice: DEPLOY },
      );
    }
    return findings;
  },
};

/** Names of the secrets; their values nobody can read. */
export const accountSecretsCheck: DoctorCheck = {
  name: "secrets",
  scope: "account",
  async run(context) {
    const { vars } = await context.configuration();
    const set = await ask(context, ["secret", "list", "--env", PRODUCTION], secretsSchema);
    const missing = missingSecrets(vars, new Set(set.map(({ name }) => name)));
    return missing.length === 0
      ? ok(set.map(({ name }) => name).join(", "))
      : {
          status: "fail",
          detail: `not set: ${missing.join(", ")}`,
          advice: missing.map((name) => `npx wrangler secret put ${name} --env ${PRODUCTION}`).join("; "),
        };
  },
};
