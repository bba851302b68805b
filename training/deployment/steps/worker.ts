import path from "node:path";
import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { PRODUCTION } from "../../wrangler/deployed-configuration.ts";
import type { DeploymentStep } from "../deployment-step.ts";

const deployEventSchema = z.looseObject({ type: z.literal("deploy"), targets: z.array(z.string()).nullish() });

/** The Worker itself, with its assets and, where a file of them was given, its secrets. */
export const workerStep: DeploymentStep = {
  title: "upload",
  async run({ wrangler, configuration: { workerName }, secretsFile, state, isDry }) {
    const secrets = secretsFile === undefined ? [] : ["--secrets-file", path.resolve(secretsFile)];
    const reply = await wrangler.change(["deploy", "--env", PRODUCTION, ...secrets]);
    if (reply === undefined || isDry) {
      return workerName;
    }
    const targets = reply.events.flatMap((event) => deployEventSchema.safeParse(event).data?.targets ?? []);
    state.url ??= targets.find((target) => target.startsWith("https://"))?.replace(/\/+$/u, "");
    if (state.url === undefined) {
      throw new AppError(
        "command_failed",
        `the Worker "${workerName}" was uploaded, and wrangler named no https:// address of it; say where it answers with --url https://…`,
      );
    }
    return `${workerName}: ${state.url}`;
  },
};
