import { type AppError, isUserError, toAppError } from "../../shared/errors.ts";
import type { VectorFilter } from "../../vector-index/vector-index.ts";
import { deleteMatching } from "../delete-documents.ts";
import type { DocumentDependencies } from "../ingestion-dependencies.ts";
import type { IngestionMessage } from "../ingestion-message.ts";
import { runEncode } from "./encode-passages.ts";
import { runPublish } from "./publish-version.ts";
import { runSplit } from "./split-document.ts";
import { runSweep } from "./sweep-version.ts";

type Steps = {
  readonly [Type in IngestionMessage["type"]]: (
    dependencies: DocumentDependencies,
    message: Extract<IngestionMessage, { type: Type }>,
  ) => Promise<void>;
};

const STEPS: Steps = {
  split: (dependencies, { version }) => runSplit(dependencies, version),
  encode: runEncode,
  publish: runPublish,
  sweep: (dependencies, { version }) => runSweep(dependencies, version),
  // Checked when the request came.
  delete: (dependencies, message) =>
    deleteMatching(dependencies, { ...message, filter: message.filter as VectorFilter | undefined }),
};

/**
 * Does what a message says; delivered again it does nothing. Throws what may go well another time. What cannot (a document
 * that is not what it says) ends in the version's error instead.
 */
export async function runMessage(dependencies: DocumentDependencies, message: IngestionMessage): Promise<void> {
  try {
    // The entry of a message's type takes that message.
    const step = STEPS[message.type] as (
      dependencies: DocumentDependencies,
      message: IngestionMessage,
    ) => Promise<void>;
    await step(dependencies, message);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (message.type === "sweep" || message.type === "delete" || !isUserError(error)) {
      throw thrown;
    }
    await failVersion(dependencies, message.version, error);
  }
}

/** The version has failed for good: its owner reads why, and nothing else is left of it. */
export async function failVersion(
  dependencies: DocumentDependencies,
  version: number,
  { code, message }: AppError,
): Promise<void> {
  await dependencies.versions.fail(version, { code, message });
  await dependencies.queue.send([{ type: "sweep", version }]);
}
