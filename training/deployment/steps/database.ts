import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { writeFileAtomic } from "../../artifacts/atomic-file.ts";
import { withDatabaseId } from "../../wrangler/deployed-configuration.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import type { DeploymentContext, DeploymentStep } from "../deployment-step.ts";

const LIST = ["d1", "list", "--json"];
const databasesSchema = z.array(z.looseObject({ uuid: z.string(), name: z.string() }));
type Database = z.output<typeof databasesSchema>[number];

/** The D1 database; its id goes into wrangler.toml, where wrangler wants it. */
export const databaseStep: DeploymentStep = {
  title: "database",
  async run(context) {
    const { wrangler, configuration, isDry } = context;
    const { name, id } = configuration.database;
    const before = await list(context);
    if (id !== undefined && before !== undefined) {
      return findConfigured(before, configuration);
    }
    let database = before?.find((known) => known.name === name);
    const isNew = database === undefined && id === undefined;
    if (isNew) {
      await wrangler.change(["d1", "create", name]);
      database = (await list(context))?.find((known) => known.name === name);
    }
    if (isDry) {
      return `${name}; its id goes into ${configuration.file}`;
    }
    if (database === undefined) {
      throw new AppError(
        "command_failed",
        `the database "${name}" was created and is not listed; run the same command again`,
      );
    }
    const text = await readFile(configuration.file, "utf8");
    await writeFileAtomic(configuration.file, withDatabaseId(text, { name, id: database.uuid }));
    return `${name}: ${isNew ? "created" : "was there"}; database_id written to ${configuration.file}`;
  },
};

async function list({ wrangler }: DeploymentContext): Promise<readonly Database[] | undefined> {
  const stdout = await wrangler.look(LIST);
  return stdout === undefined ? undefined : parseJsonOutput(stdout, databasesSchema, LIST);
}

/** An id that the account does not know was written in another account: what is there must not be forked. */
function findConfigured(
  databases: readonly Database[],
  { database: { name, id }, file }: DeploymentContext["configuration"],
): string {
  const database = databases.find(({ uuid }) => uuid === id);
  if (database === undefined) {
    throw new AppError(
      "configuration_invalid",
      `wrong account? ${file} says database_id = "${id}", and this account has no such database; choose the account with --account ID, or, to begin anew here, write database_id = "replace-with-your-database-id"`,
    );
  }
  if (database.name !== name) {
    throw new AppError(
      "configuration_invalid",
      `${file} says database_name = "${name}", the database ${id} is called "${database.name}"; change one of them`,
    );
  }
  return `${name}: was there`;
}
