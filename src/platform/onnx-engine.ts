import type { Encoder } from "../encoder/encoder.ts";
import { verifyFile } from "../encoder/load-manifest.ts";
import { createOnnxEncoder, ONE_TEXT_A_PASS } from "../encoder/onnx-encoder.ts";
import { sha256Hex } from "../shared/sha256-hex.ts";
import type { LoadAssetEncoderOptions } from "./engine-loader.ts";
import { createWebSession } from "./onnx-runtime-web.ts";

/**
 * An encoder over onnxruntime-web, for graphs of any kind.
 * @throws AppError `invalid_artifact` for a file that is not the manifest's, `encoder_failed` for one that does not load.
 */
export async function loadOnnxEncoder({ manifest, model, tokenizer }: LoadAssetEncoderOptions): Promise<Encoder> {
  const content = await model.arrayBuffer();
  verifyFile(manifest.model, { bytes: content.byteLength, sha256: await sha256Hex(content) });
  return await createOnnxEncoder({
    manifest,
    tokenizer: await tokenizer,
    session: await createWebSession({ model: new Uint8Array(content), ...manifest.model }),
    maxBatchTokens: ONE_TEXT_A_PASS,
  });
}
