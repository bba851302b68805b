import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { PRODUCTION } from "../../wrangler/deployed-configuration.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import type { DeploymentStep } from "../deployment-step.ts";
import { missingSecrets } from "../required-secrets.ts";

const LIST = ["secret", "list", "--env", PRODUCTION];
const secretsSchema = z.array(z.looseObject({ name: z.string() }));

/** wrangler's own words for a Worker that was never uploaded. */
const NO_WORKER = /Worker ".*" .*not found|code: 10007/u;

/** Whether the Worker has, or is about to be given, every secret that its configuration names. Names only; values are not read. */
export const secretsStep: DeploymentStep = {
  title: "secrets",
  async run(context) {
    const { wrangler, configuration, secretsFile, isDry } = context;
    const stdout = await wrangler.look(LIST, { missing: NO_WORKER });
    const there = stdout === undefined ? [] : parseJsonOutput(stdout, secretsSchema, LIST).map(({ name }) => name);
    const given = secretsFile === undefined ? [] : await namesIn(secretsFile);
    const missing = missingSecrets(configuration.vars, new Set([...there, ...given]));
    if (missing.length > 0 && !isDry) {
      throw new AppError("configuration_invalid", adviceOn(missing, { isNewWorker: stdout === undefined }));
    }
    const known = [...new Set([...there, ...given])];
    return missing.length > 0 ? `wanted: ${missing.join(", ")}` : known.join(", ");
  },
};

function adviceOn(missing: readonly string[], { isNewWorker }: { readonly isNewWorker: boolean }): string {
  const file = `write them to a file that git ignores, such as .prod.vars (lines NAME=value), and add --secrets-file .prod.vars`;
  const one = missing.map((name) => `  npx wrangler secret put ${name} --env ${PRODUCTION}`).join("\n");
  const what = `missing secret${missing.length === 1 ? "" : "s"}: ${missing.join(", ")}`;
  return isNewWorker ? `${what}; ${file}` : `${what}; set them and run the same command again:\n${one}\nor ${file}`;
}

async function namesIn(file: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError("invalid_artifact", `--secrets-file ${file} cannot be read; expected lines NAME=value or JSON`, {
      cause,
    });
  }
  const entries = text.trimStart().startsWith("{") ? parseSecretsJson(text, file) : parseEnv(text);
  return Object.entries(entries).flatMap(([name, value]) => (value?.trim() ? [name] : []));
}

function parseSecretsJson(text: string, file: string): Readonly<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch {
    // Not the parser's own words: they may quote the file.
    throw new AppError("invalid_artifact", `--secrets-file ${file} is no JSON object of strings`);
  }
}
