import {
  accountDatabaseCheck,
  accountSecretsCheck,
  accountStorageCheck,
  accountVectorIndexCheck,
} from "./checks/account.ts";
import { assetsCheck, configurationCheck, encoderFilesCheck, metadataIndexLimitCheck } from "./checks/project.ts";
import {
  collectionFingerprintsCheck,
  countsCheck,
  databaseSizeCheck,
  encoderServedCheck,
  healthCheck,
  ingestionCheck,
  vectorLimitsCheck,
} from "./checks/worker.ts";
import type { DoctorCheck } from "./doctor-check.ts";

/** Every check, in the order of the report. A new one is a constant in the file of its scope, and a line here. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  configurationCheck,
  metadataIndexLimitCheck,
  assetsCheck,
  encoderFilesCheck,
  healthCheck,
  encoderServedCheck,
  collectionFingerprintsCheck,
  countsCheck,
  vectorLimitsCheck,
  databaseSizeCheck,
  ingestionCheck,
  accountVectorIndexCheck,
  accountDatabaseCheck,
  accountStorageCheck,
  accountSecretsCheck,
];
