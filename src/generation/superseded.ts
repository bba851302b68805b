import { AppError } from "../shared/errors.ts";

/** Why a target LM's request is aborted when another one has answered first. */
export class SupersededError extends AppError {
  constructor() {
    super("aborted", "another target LM answered first");
  }
}

/** Whether that is why a signal has fired: what such a request has taken is nobody's to pay but the operator's. */
export function isSuperseded(signal: AbortSignal): boolean {
  return signal.reason instanceof SupersededError;
}
