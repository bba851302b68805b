import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { defineCommand } from "../define-command.ts";
import { DOCTOR_CHECKS } from "../doctor/checks.ts";
import { examine, renderDiagnoses } from "../doctor/examine.ts";
import { once, workerFacts } from "../doctor/worker-facts.ts";
import { createAdminClient } from "../indexing/admin-client.ts";
import { readDeployedConfiguration } from "../wrangler/deployed-configuration.ts";
import { executeWrangler } from "../wrangler/execute-wrangler.ts";
import { createWrangler } from "../wrangler/wrangler.ts";

/** `aar doctor`: see the description below. */
export const doctorCommand = defineCommand({
  summary: "is everything as it should be: configuration, fingerprints, counts, limits; local or production",
  description: `Looks at this folder (wrangler.toml, static assets, the encoder's files), at a Worker (its encoder, collections, numbers of passages
and vectors, room left), and with --remote at the Cloudflare account, through wrangler. Changes nothing. Prints a line for
each finding, OK, WARN or FAIL, and what to do; ends with an error when something failed. AAR_ADMIN_KEY is the Worker's
ADMIN_KEY, which a local Worker may not have; CLOUDFLARE_ACCOUNT_ID as --account; AAR_WRANGLER a script to run instead of wrangler.`,
  examples: ["doctor", "doctor --url https://aar.example.workers.dev --remote", "doctor --json"],
  options: z.strictObject({
    url: z
      .string()
      .default("http://localhost:8787")
      .meta({ placeholder: "url", description: "base URL of the Worker" }),
    remote: z.boolean().default(false).describe("look at the account too, through wrangler"),
    account: z.string().optional().meta({ placeholder: "id", description: "of Cloudflare, with --remote" }),
    config: z.string().default("wrangler.toml").meta({ placeholder: "file" }),
    json: z.boolean().default(false).describe("print the findings as JSON"),
  }),
  async run({ url, remote, account, config, json }, { print, env, signal }) {
    const setting = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
    const folder = path.dirname(path.resolve(config));
    const client = createAdminClient({
      url,
      adminKey: setting("AAR_ADMIN_KEY"),
      fetch: globalThis.fetch,
      signal,
      retries: 1,
    });
    const diagnoses = await examine({
      checks: DOCTOR_CHECKS,
      scopes: new Set(["project", "worker", ...(remote ? (["account"] as const) : [])]),
      context: {
        ...workerFacts(client),
        configurationFile: config,
        configuration: once(() => readDeployedConfiguration(config)),
        assets: path.join(folder, "src/assets"),
        url,
        wrangler: createWrangler({
          folder,
          execute: executeWrangler(setting("AAR_WRANGLER")),
          account: () => account ?? setting("CLOUDFLARE_ACCOUNT_ID"),
          signal,
        }),
      },
    });
    print(json ? JSON.stringify(diagnoses, undefined, 2) : renderDiagnoses(diagnoses));
    const failed = diagnoses.filter(({ status }) => status === "fail").length;
    if (failed > 0) {
      throw new AppError("check_failed", `${failed} of ${diagnoses.length} findings are failures`);
    }
  },
});
