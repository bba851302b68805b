import { AppError } from "../../src/shared/errors.ts";
import type { TrainingOptions } from "./training-options.ts";

/** An option that the mode cannot do without. Throws `invalid_request` when it is not given. */
export function requireOption<Name extends "train" | "vectors" | "encoder" | "corpus" | "layers">(
  options: TrainingOptions,
  name: Name,
): NonNullable<TrainingOptions[Name]> {
  const value: TrainingOptions[Name] = options[name];
  if (value === undefined) {
    throw new AppError("invalid_request", `mode ${options.mode} needs --${name}`);
  }
  return value;
}
