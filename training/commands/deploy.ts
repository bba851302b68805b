import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { defineCommand } from "../define-command.ts";
import { deploy } from "../deployment/deploy.ts";
import type { DeploymentState } from "../deployment/deployment-step.ts";
import { DEPLOYMENT_STEPS } from "../deployment/steps.ts";
import { readDeployedConfiguration } from "../wrangler/deployed-configuration.ts";
import { executeWrangler } from "../wrangler/execute-wrangler.ts";
import { createDryWrangler, createWrangler } from "../wrangler/wrangler.ts";

/** `aar deploy`: see the description below. */
export const deployCommand = defineCommand({
  summary: "everything that production needs, made in order and checked; run again, it goes on",
  description: `Makes what [env.production] of wrangler.toml names, where it is not there yet: the Vectorize index and its metadata indexes (those
of EMBEDDED_VECTORIZE; before any vector), the D1 database and its tables, the R2 bucket, the queues. Then checks the
secrets, uploads the Worker and asks it a question. All of it through wrangler, whose login it uses (npx wrangler login, or
CLOUDFLARE_API_TOKEN). A step leaves alone what it finds, so a run that failed is simply run again.
--dry-run prints each command, exactly, and runs none: it needs no account.
Environment: AAR_ADMIN_KEY, the Worker's ADMIN_KEY, for the question; CLOUDFLARE_ACCOUNT_ID, as --account; AAR_WRANGLER, a
script to run instead of the project's wrangler. Prints JSON.`,
  examples: [
    "deploy --dry-run",
    "deploy --secrets-file .prod.vars",
    "deploy --account 0123456789abcdef0123456789abcdef",
  ],
  options: z.strictObject({
    account: z
      .string()
      .optional()
      .meta({ placeholder: "id", description: "of Cloudflare; wanted where a login has several" }),
    secretsFile: z
      .string()
      .optional()
      .meta({ placeholder: "file", description: "secrets to upload with the Worker: NAME=value lines, or JSON" }),
    url: z
      .string()
      .optional()
      .meta({ placeholder: "url", description: "where the Worker answers; default: the address that wrangler names" }),
    config: z.string().default("wrangler.toml").meta({ placeholder: "file" }),
    dryRun: z.boolean().default(false).describe("print the commands, run none"),
  }),
  async run({ account, secretsFile, url, config, dryRun: isDry }, { print, log, env, signal }) {
    const setting = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
    const configuration = await readDeployedConfiguration(config);
    const state: DeploymentState = { accountId: undefined, url: url?.replace(/\/+$/u, "") };
    const wrangler = isDry
      ? createDryWrangler(print)
      : createWrangler({
          folder: path.dirname(configuration.file),
          execute: executeWrangler(setting("AAR_WRANGLER")),
          account: () => state.accountId,
          signal,
        });
    if (isDry) {
      print("# Nothing is run. This is what a first deployment runs, and below each step what it then says.");
    }
    const report = await deploy({
      steps: DEPLOYMENT_STEPS,
      wrangler,
      isDry,
      configuration,
      state,
      wantedAccount: account ?? setting("CLOUDFLARE_ACCOUNT_ID"),
      secretsFile,
      adminKey: setting("AAR_ADMIN_KEY"),
      fetch: globalThis.fetch,
      warn: (message) => log(`warning: ${message}`),
      sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
      signal,
      log: isDry ? (line) => print(`# ${line}`) : log,
    });
    if (!isDry) {
      print(JSON.stringify({ url: state.url, account: state.accountId, steps: report }, undefined, 2));
    }
  },
});
