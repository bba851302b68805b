import { AppError } from "../shared/errors.ts";
import type { OnnxInputs, OnnxSession } from "./encoder.ts";
import type { EncoderManifest } from "./manifest.ts";

/** What a forward pass needs of onnxruntime; its packages for Node and for the web have the same API. */
export interface Runtime<Tensor> {
  readonly session: {
    run(
      feeds: Record<string, Tensor>,
      outputs: readonly string[],
    ): Promise<Readonly<Record<string, { data: unknown }>>>;
  };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => Tensor;
}

/**
 * An encoder's session over either onnxruntime package. `run` throws AppError `encoder_failed` when the runtime does, or when
 * the output is no float32 tensor.
 */
export function createRuntimeSession<Tensor>(
  { session, Tensor }: Runtime<Tensor>,
  { inputs, output }: Pick<EncoderManifest["model"], "inputs" | "output">,
): OnnxSession {
  return {
    run: async (feeds) => {
      const shape = [feeds.batch, feeds.sequence];
      const tensors = Object.fromEntries(inputs.map((name) => [name, new Tensor("int64", feedOf(feeds, name), shape)]));
      let states: unknown;
      try {
        states = (await session.run(tensors, [output]))[output]?.data;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new AppError("encoder_failed", `the encoder failed on ${shape.join(" x ")} tokens: ${reason}`, { cause });
      }
      if (!(states instanceof Float32Array)) {
        throw new AppError("encoder_failed", `the encoder's output "${output}" is not a float32 tensor`);
      }
      return states;
    },
  };
}

function feedOf(feeds: OnnxInputs, name: EncoderManifest["model"]["inputs"][number]): BigInt64Array {
  return { input_ids: feeds.inputIds, attention_mask: feeds.attentionMask, token_type_ids: feeds.tokenTypeIds }[name];
}
