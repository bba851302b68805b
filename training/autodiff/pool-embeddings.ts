import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { intAttribute } from "../onnx/attributes.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";

export interface PoolEmbeddingsOptions extends Pick<EncoderManifest, "pooling" | "normalize"> {
  /** (batch, sequence, dims). */
  readonly states: string;
  /** int64 (batch, sequence): 1 for tokens, then 0 for padding. */
  readonly mask: string;
}

/** As in `normalize` of PyTorch: a vector of zeros stays one. */
const SHORTEST = 1e-12;

/** Writes what `src/encoder/pooling.ts` and L2 normalisation do: states of tokens to embeddings, (batch, dims). */
export function poolEmbeddings(
  build: GraphBuilder,
  { states, mask, pooling, normalize }: PoolEmbeddingsOptions,
): string {
  const weights = poolingWeights(build, mask, pooling);
  const pooled = build.squeeze(
    weights === undefined ? build.slice(states, 1, 0, 1) : build.matMul(weights, states),
    [1],
  );
  if (!normalize) {
    return pooled;
  }
  const length = build.op("ReduceL2", [pooled, build.int64s([-1])]);
  return build.div(pooled, build.op("Clip", [length, build.scalar(SHORTEST)]));
}

/** (batch, 1, sequence): what each token's state counts for; undefined when only the first does. */
function poolingWeights(build: GraphBuilder, mask: string, pooling: EncoderManifest["pooling"]): string | undefined {
  switch (pooling) {
    case "mean": {
      const isToken = build.unsqueeze(build.cast(mask), [1]);
      return build.div(isToken, build.reduceSum(isToken, [-1]));
    }
    case "last_token": {
      const last = build.sub(build.reduceSum(mask, [-1]), build.int64(1));
      const length = build.squeeze(build.op("Shape", [mask], [intAttribute("start", 1)]), [0]);
      const positions = build.op("Range", [build.int64(0), length, build.int64(1)]);
      return build.unsqueeze(build.cast(build.op("Equal", [positions, last])), [1]);
    }
    case "cls": {
      return undefined;
    }
    default: {
      return pooling satisfies never;
    }
  }
}
