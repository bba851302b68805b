import { AppError } from "../shared/errors.ts";

/** What a ledger says. Throws `metering_failed`, which may be tried again, when it does not answer. */
export async function askLedger<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw new AppError("metering_failed", "the ledger of this key does not answer", {
      cause: error,
      isRetryable: true,
    });
  }
}
