import { InferenceSession } from "onnxruntime-node";
import { differentiate } from "../../training/autodiff/differentiate.ts";
import type { Loss } from "../../training/losses/loss.ts";
import { ValueTypes } from "../../training/onnx/shapes/value-types.ts";
import { encodeModel } from "../../training/onnx/writer.ts";
import { builtModel } from "./built-model.ts";
import { lossFeeds } from "./loss-cases.ts";
import type { LossCase } from "./loss-cases.ts";

export interface LossAndGradient {
  readonly loss: number;
  /** Of the queries' numbers, then of the passages'. */
  readonly gradient: readonly number[];
}

/** The value and the gradient of a loss in double precision, which finite differences need: training itself is in float. */
export async function lossGradients(loss: Loss, dims: number): Promise<(found: LossCase) => Promise<LossAndGradient>> {
  const model = builtModel(
    (build) => {
      build.input("queries", ["queries", dims]);
      build.input("passages", ["passages", dims]);
      const value = loss.build(build, { queries: "queries", passages: "passages" });
      const gradients = differentiate({
        build,
        types: new ValueTypes(build.graph),
        seeds: new Map([[value, build.scalar(1)]]),
        wrt: ["queries", "passages"],
      });
      return {
        loss: value,
        query_gradient: gradients.get("queries") ?? "",
        passage_gradient: gradients.get("passages") ?? "",
      };
    },
    { floatType: "double" },
  );
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  return async (found) => {
    const results = await session.run(lossFeeds(loss, found, "double"));
    const numbers = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
    return {
      loss: numbers("loss")[0] ?? NaN,
      gradient: [...numbers("query_gradient"), ...numbers("passage_gradient")],
    };
  };
}
