import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import type { IngestionMessage } from "../ingestion-message.ts";
import { encodeMessages } from "./split-document.ts";

/** The messages that bring a version, encoded in part or in full, to its end. */
export async function nextMessages(
  dependencies: DocumentDependencies,
  version: number,
): Promise<readonly IngestionMessage[]> {
  const encode = await encodeMessages(dependencies, version);
  return encode.length > 0 ? encode : [{ type: "publish", version, checks: 0 }];
}
