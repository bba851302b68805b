import { AppError } from "../shared/errors.ts";
import { failureEntry } from "./failure-entry.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import { type IngestionMessage, ingestionMessageSchema } from "./ingestion-message.ts";
import { failVersion, runMessage } from "./steps/run-message.ts";

/** A message as a queue delivers it. */
export interface Delivery {
  readonly body: unknown;
  /** From 1. */
  readonly attempts: number;
  ack(): void;
  retry(options: { readonly delaySeconds: number }): void;
}

const MAX_RETRY_DELAY_SECONDS = 300;

/** Works off a batch of the queue, one message after the other; one that fails is tried again later, and no other with it. */
export async function consumeMessages(
  dependencies: DocumentDependencies,
  deliveries: readonly Delivery[],
): Promise<void> {
  for (const delivery of deliveries) {
    const message = parse(dependencies, delivery);
    if (message === undefined) {
      delivery.ack();
      continue;
    }
    try {
      await runMessage(dependencies, message);
      delivery.ack();
    } catch (error) {
      dependencies.log(failureEntry(message.type, error));
      delivery.retry({ delaySeconds: Math.min(2 ** (delivery.attempts - 1), MAX_RETRY_DELAY_SECONDS) });
    }
  }
}

/** Works off the dead-letter queue: what was tried so often that it is given up. The document's owner is told. */
export async function consumeDeadLetters(
  dependencies: DocumentDependencies,
  deliveries: readonly Delivery[],
): Promise<void> {
  for (const delivery of deliveries) {
    const message = parse(dependencies, delivery);
    try {
      if (message !== undefined && message.type !== "delete" && message.type !== "sweep") {
        const error = new AppError(
          "ingestion_failed",
          `the step "${message.type}" was given up after many attempts; the Worker's log has the reasons. Send the document again`,
        );
        await failVersion(dependencies, message.version, error);
      }
      delivery.ack();
    } catch (error) {
      dependencies.log(failureEntry(message?.type ?? "", error));
      delivery.retry({ delaySeconds: MAX_RETRY_DELAY_SECONDS });
    }
  }
}

function parse({ log }: DocumentDependencies, { body }: Delivery): IngestionMessage | undefined {
  const parsed = ingestionMessageSchema.safeParse(body);
  if (!parsed.success) {
    log({
      event: "ingestion",
      error: `a message of an unknown form was dropped: ${parsed.error.message.slice(0, 500)}`,
    });
  }
  return parsed.data;
}
