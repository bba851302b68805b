import type { DeploymentStep } from "../deployment-step.ts";

/** wrangler's own words, see `getQueue` there. */
const MISSING = /Queue ".*" does not exist/u;

/** The queue of ingestion, and the one for what it gives up. */
export const queuesStep: DeploymentStep = {
  title: "queues",
  async run({ wrangler, configuration: { queues } }) {
    const said: string[] = [];
    for (const queue of queues) {
      const isThere = (await wrangler.look(["queues", "info", queue], { missing: MISSING })) !== undefined;
      if (!isThere) {
        await wrangler.change(["queues", "create", queue]);
      }
      said.push(`${queue}: ${isThere ? "was there" : "created"}`);
    }
    return said.join("; ");
  },
};
