import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import type { EncoderEntry, EncoderRegistry } from "../query-side/encoder-registry.ts";
import { PASSAGE_ENCODER_FOLDER } from "../query-side/query-side-configuration.ts";
import type { QuerySideConfiguration } from "../query-side/query-side-configuration.ts";
import { createAssetEncoder, readAssetManifest } from "./asset-encoder.ts";
import type { AssetReader } from "./asset-encoder.ts";

export interface AssetEncodersOptions {
  readonly assets: AssetReader;
  readonly configuration: Pick<QuerySideConfiguration, "encoders" | "defaultEncoder">;
  /** The one of the folder `encoder`, which is not loaded twice. */
  readonly passageEncoder: EncoderSource;
}

/** The query encoders of the configuration, each loaded at its first use and kept for the isolate's life. */
export function createAssetEncoders({ assets, configuration, passageEncoder }: AssetEncodersOptions): EncoderRegistry {
  const { encoders, defaultEncoder } = configuration;
  const entryOf = (folder: string): EncoderEntry => {
    const isPassageEncoder = folder === PASSAGE_ENCODER_FOLDER;
    return {
      manifest: () => readAssetManifest(assets, folder),
      load: isPassageEncoder ? passageEncoder : createAssetEncoder(assets, folder),
    };
  };
  return {
    defaultName: defaultEncoder,
    entries: new Map([...encoders].map(([name, folder]) => [name, entryOf(folder)])),
  };
}
