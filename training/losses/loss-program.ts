import { buildTrainingProgram } from "../autodiff/training-program.ts";
import type { TrainingProgram } from "../autodiff/training-program.ts";
import type { Loss } from "./loss.ts";

/**
 * A loss alone: fed with embeddings `queries` and `passages` and the loss's own feeds, it gives the output `loss` and the
 * gradients of those of the two that are wanted. Default both; frozen passages need none.
 */
export function lossProgram(
  loss: Loss,
  wrt: readonly ("queries" | "passages")[] = ["queries", "passages"],
): TrainingProgram {
  return buildTrainingProgram({
    wrt,
    write: (build) => {
      const queries = build.input("queries", ["queries", "dims"]);
      const passages = build.input("passages", ["passages", "dims"]);
      const value = loss.build(build, { queries, passages });
      return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
    },
  });
}
