import { PRODUCTION } from "../../wrangler/deployed-configuration.ts";
import type { DeploymentStep } from "../deployment-step.ts";

/** The tables. D1 knows which migrations it has had; a failed one is rolled back. */
export const migrationsStep: DeploymentStep = {
  title: "migrations",
  async run({ wrangler, configuration: { database } }) {
    await wrangler.change(["d1", "migrations", "apply", database.name, "--remote", "--env", PRODUCTION]);
    return "applied";
  },
};
