import { AppError } from "../../src/shared/errors.ts";
import type { Command } from "../define-command.ts";
import { COMMANDS } from "./registry.ts";

/** A command that a stage of an experiment calls, loaded when it is needed. */
export async function findCommand(name: string): Promise<Command> {
  const entry = COMMANDS[name];
  if (entry === undefined) {
    throw new AppError("internal", `a stage calls the command "${name}", which is not there`);
  }
  return await entry.load();
}
