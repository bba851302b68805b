import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import type { ModelProto } from "../onnx/proto.ts";

/** An encoder to train: its graph, and how an embedding is read from it. */
export interface EncoderSpec extends Pick<EncoderManifest, "pooling" | "normalize"> {
  /** The fp32 model. It is not changed. */
  readonly model: ModelProto;
  /** Graph inputs that are fed with tokens, in any order. */
  readonly inputs: EncoderManifest["model"]["inputs"];
  /** Graph output of shape (batch, sequence, dims): the last hidden state. */
  readonly output: string;
}
