import type { DataTypeName, TensorData } from "../onnx/data-type.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { LossBatch } from "./loss-batch.ts";

/** Names of two values of a graph, both matrices of embeddings as the encoder makes them. */
export interface LossEmbeddings {
  /** (queries, dims). */
  readonly queries: string;
  /** (passages, dims). */
  readonly passages: string;
}

/** What an input of a loss is fed. */
export interface LossFeed {
  readonly dataType: DataTypeName;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/**
 * A loss as a fragment of a graph. The graph does not depend on the batch: what does (who owns which passage, what is masked)
 * comes in through inputs, whose names start with `loss/`. The same fragment stands at the end of a training graph and
 * alone between embeddings and their gradients (`loss-graph.ts`).
 */
export interface Loss {
  readonly name: string;
  /** Writes the formula, declares its inputs, and returns the scalar value of the loss. */
  build(build: GraphBuilder, embeddings: LossEmbeddings): string;
  /**
   * The inputs that `build` declared, for one batch.
   * @throws AppError `invalid_artifact` that names the query, when the batch lacks what the loss needs.
   */
  feeds(batch: LossBatch): ReadonlyMap<string, LossFeed>;
}
