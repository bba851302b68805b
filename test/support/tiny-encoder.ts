import type { EncoderSpec } from "../../training/autodiff/encoder-spec.ts";
import type { Feed } from "../../training/autodiff/training-session.ts";
import type { LossBatch } from "../../training/losses/loss-batch.ts";
import { readModel } from "../../training/onnx/reader.ts";
import { readFloatTensor } from "../../training/onnx/tensor.ts";
import { TRAINING_FIXTURE_MODEL, readTrainingFixture } from "./training-fixture.ts";
import type { TrainingFixture } from "./training-fixture.ts";

export interface TinyEncoder {
  readonly encoder: EncoderSpec;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Tokens of the fixture's batch, for the towers `queries` and `passages`. */
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly batch: LossBatch;
  readonly fixture: TrainingFixture;
}

/** The encoder of the training fixture with its batch, as the engine takes them. */
export async function tinyEncoder(): Promise<TinyEncoder> {
  const fixture = readTrainingFixture();
  const model = await readModel(TRAINING_FIXTURE_MODEL);
  const { queries, passages, passage_query: passageQuery, is_positive: isPositive } = fixture.batch;
  const weights = model.graph.initializer
    .filter(({ dataType }) => dataType === 1)
    .map((tensor) => [tensor.name, readFloatTensor(tensor).data] as const);
  return {
    encoder: {
      model,
      inputs: ["input_ids", "attention_mask", "token_type_ids"],
      output: "last_hidden_state",
      pooling: "mean",
      normalize: false,
    },
    weights: new Map(weights),
    feeds: new Map([...tokenFeeds("queries", queries), ...tokenFeeds("passages", passages)]),
    batch: { queryIds: queries.ids.map((_, index) => `q${index}`), passageQuery, isPositive },
    fixture,
  };
}

function tokenFeeds(tower: string, { ids, mask }: TrainingFixture["batch"]["queries"]): [string, Feed][] {
  const dims = [ids.length, ids[0]?.length ?? 0];
  const feed = (rows: readonly (readonly number[])[]): Feed => ({
    dataType: "int64",
    dims,
    data: BigInt64Array.from(rows.flat(), BigInt),
  });
  return [
    [`${tower}/input_ids`, feed(ids)],
    [`${tower}/attention_mask`, feed(mask)],
    [`${tower}/token_type_ids`, feed(ids.map((row) => row.map(() => 0)))],
  ];
}
