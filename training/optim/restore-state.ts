import { AppError } from "../../src/shared/errors.ts";
import type { OptimizerState } from "./gradient-transformation.ts";

/**
 * Puts saved arrays into the state of a fresh `init`, so that training continues to the same bits.
 * @throws AppError `invalid_artifact`, before anything is changed, when names, types or lengths differ: the checkpoint is of
 *   another model or optimiser.
 */
export function restoreState(fresh: OptimizerState, saved: OptimizerState): void {
  const unknown = [...saved.keys()].find((name) => !fresh.has(name));
  if (unknown !== undefined) {
    throw new AppError("invalid_artifact", `the saved optimiser has "${unknown}", which this one does not; ${ADVICE}`);
  }
  for (const [name, array] of fresh) {
    const found = saved.get(name);
    if (found?.constructor !== array.constructor || found.length !== array.length) {
      const got = found === undefined ? "nothing" : `${found.constructor.name} of ${found.length}`;
      const expected = `${array.constructor.name} of ${array.length}`;
      throw new AppError(
        "invalid_artifact",
        `the saved optimiser has ${got} for "${name}", expected ${expected}; ${ADVICE}`,
      );
    }
  }
  for (const [name, array] of fresh) {
    array.set(saved.get(name) ?? []);
  }
}

const ADVICE = "resume with the options that the checkpoint was made with";
