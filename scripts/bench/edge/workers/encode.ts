import type { EncoderSource } from "../../../../src/encoder/lazy-encoder.ts";
import { createAssetEncoder, type AssetReader } from "../../../../src/platform/asset-encoder.ts";
import { webAssemblyBytes } from "./recorded-memories.ts";

/**
 * The encoder benchmark's Worker: `/?encoder=edge&text=...&times=20` embeds the text that many times, one after the other, by
 * the encoder of that folder. The clock of an isolate stands still while it computes, so the time is taken by who asks;
 * `times=0` answers without embedding.
 */

const encoders = new Map<string, EncoderSource>();

// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  async fetch(request: Request, env: { readonly ASSETS: AssetReader }): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const folder = searchParams.get("encoder") ?? "";
    const source = encoders.get(folder) ?? createAssetEncoder(env.ASSETS, folder);
    encoders.set(folder, source);
    const encoder = await source();
    let tokens = 0;
    for (let i = 0; i < Number(searchParams.get("times")); i += 1) {
      ({ tokenCount: tokens } = await encoder.encodeQueries([searchParams.get("text") ?? ""]));
    }
    return Response.json({ tokens, webAssemblyBytes: webAssemblyBytes() });
  },
};
