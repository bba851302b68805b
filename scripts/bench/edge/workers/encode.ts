import type { EncoderSource } from "../../../../src/encoder/lazy-encoder.ts";
import { createAssetEncoder, type AssetReader } from "../../../../src/platform/asset-encoder.ts";
import { webRuntimeHeapBytes } from "../../../../src/platform/onnx-runtime-web.ts";

/**
 * The encoder benchmark's Worker: `/?text=...&times=20` embeds the text that many times, one after the other. The clock of an
 * isolate stands still while it computes, so the time is taken by who asks; `times=0` answers without embedding.
 */

let encoder: EncoderSource | undefined;

// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  async fetch(request: Request, env: { readonly ASSETS: AssetReader }): Promise<Response> {
    encoder ??= createAssetEncoder(env.ASSETS);
    const { searchParams } = new URL(request.url);
    const loaded = await encoder();
    let tokens = 0;
    for (let i = 0; i < Number(searchParams.get("times")); i += 1) {
      ({ tokenCount: tokens } = await loaded.encodeQueries([searchParams.get("text") ?? ""]));
    }
    return Response.json({ tokens, heapBytes: webRuntimeHeapBytes() });
  },
};
