import { chooseQuerySide } from "../retrieval/query-side-settings.ts";
import type { RetrieveRequest } from "../retrieval/types.ts";
import { encoderOfModel, findEncoder } from "./encoder-registry.ts";
import type { QueryEncodersOptions } from "./query-encoders.ts";

/**
 * Names what `createQueryEncoders` would put together for a request, by digests: equal names, equal vectors. No model is
 * loaded for it. Throws as that does.
 */
export function createQuerySideNames({
  encoders,
  adapters,
}: QueryEncodersOptions): (request: RetrieveRequest) => Promise<string> {
  /** Of the models; they change with a deployment only. */
  const digests = new Map<string, string>();

  async function digestOf(name: string): Promise<string> {
    const digest = digests.get(name) ?? (await findEncoder(encoders, name).manifest()).model.sha256;
    digests.set(name, digest);
    return digest;
  }

  return async ({ collection, querySide, model }) => {
    const side = chooseQuerySide({ asked: querySide, model, settings: collection.querySide });
    if (side.adapter === undefined || side.adapter === null) {
      const name = side.encoder ?? encoders.defaultName;
      return JSON.stringify([name, await digestOf(name)]);
    }
    const adapter = await adapters.find(collection, side.adapter);
    const fitting = side.encoder ?? (await encoderOfModel(encoders, adapter.manifest.queryModel));
    const name = fitting ?? encoders.defaultName;
    return JSON.stringify([name, await digestOf(name), side.adapter, adapter.sha256]);
  };
}
