import type { DeploymentStep } from "../deployment-step.ts";

/** What R2's API says of a bucket that is not there. */
const MISSING = /code: 10006|bucket does not exist/iu;

/** The R2 bucket. */
export const bucketStep: DeploymentStep = {
  title: "bucket",
  async run({ wrangler, configuration: { bucket } }) {
    if ((await wrangler.look(["r2", "bucket", "info", bucket, "--json"], { missing: MISSING })) !== undefined) {
      return `${bucket}: was there`;
    }
    await wrangler.change(["r2", "bucket", "create", bucket]);
    return `${bucket}: created`;
  },
};
