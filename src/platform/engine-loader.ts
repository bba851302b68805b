import type { Encoder } from "../encoder/encoder.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import type { TextTokenizer } from "../encoder/tokenizer.ts";

export interface LoadAssetEncoderOptions {
  readonly manifest: EncoderManifest;
  /** The model file; its bytes may still be arriving. */
  readonly model: Response;
  /** Is read beside the model. */
  readonly tokenizer: Promise<TextTokenizer>;
}

/** Makes an encoder of what an encoder's folder holds. */
export type EngineLoader = (options: LoadAssetEncoderOptions) => Promise<Encoder>;
