import type { DeploymentStep } from "./deployment-step.ts";
import { accountStep } from "./steps/account.ts";
import { bucketStep } from "./steps/bucket.ts";
import { databaseStep } from "./steps/database.ts";
import { metadataIndexesStep } from "./steps/metadata-indexes.ts";
import { migrationsStep } from "./steps/migrations.ts";
import { queuesStep } from "./steps/queues.ts";
import { secretsStep } from "./steps/secrets.ts";
import { smokeStep } from "./steps/smoke.ts";
import { vectorIndexStep } from "./steps/vector-index.ts";
import { workerStep } from "./steps/worker.ts";

/** In this order: metadata indexes before anything that could write a vector, everything the Worker needs before the Worker. */
export const DEPLOYMENT_STEPS: readonly DeploymentStep[] = [
  accountStep,
  vectorIndexStep,
  metadataIndexesStep,
  databaseStep,
  bucketStep,
  queuesStep,
  migrationsStep,
  secretsStep,
  workerStep,
  smokeStep,
];
