import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import type { DeploymentStep } from "../deployment-step.ts";

const COMMAND = ["whoami", "--json"];
const whoamiSchema = z.looseObject({ accounts: z.array(z.looseObject({ id: z.string(), name: z.string() })) });

/** Which account it is that everything below goes to: the one thing that cannot be taken back. */
export const accountStep: DeploymentStep = {
  title: "account",
  async run({ wrangler, configuration: { accountId: configured, file }, wantedAccount: wanted, state }) {
    if (configured !== undefined && wanted !== undefined && configured !== wanted) {
      throw new AppError(
        "configuration_invalid",
        `account ${wanted} was asked for, ${file} says account_id = "${configured}"; change one of them`,
      );
    }
    const chosen = wanted ?? configured;
    state.accountId = chosen;
    const stdout = await wrangler.look(COMMAND).catch((error: unknown) => {
      throw loginError(error);
    });
    if (stdout === undefined) {
      return chosen ?? "the only one of the login";
    }
    const { accounts } = parseJsonOutput(stdout, whoamiSchema, COMMAND);
    const account =
      accounts.length === 1 && chosen === undefined ? accounts[0] : accounts.find(({ id }) => id === chosen);
    if (account === undefined) {
      const known = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n") || "  none";
      throw new AppError(
        "configuration_invalid",
        chosen === undefined
          ? `this login has ${accounts.length} accounts; say which with --account ID:\n${known}`
          : `wrong account: this login has no account ${chosen}; it has\n${known}\nlog in as another user (npx wrangler login), or say another account with --account ID`,
      );
    }
    state.accountId = account.id;
    return `${account.name} (${account.id})`;
  },
};

function loginError(error: unknown): unknown {
  return error instanceof AppError && error.code === "command_failed"
    ? new AppError(
        "command_failed",
        `${error.message}\nlog in first: npx wrangler login, or set CLOUDFLARE_API_TOKEN to a token of that account`,
        { cause: error },
      )
    : error;
}
