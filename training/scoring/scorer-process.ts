import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { z } from "zod";
import { AppError, SYSTEM_ERROR_CODES, USER_ERROR_CODES } from "../../src/shared/errors.ts";
import type { QueryScorer, ScorerSettings } from "./query-scorer.ts";
import type { QueryToScore } from "./signal.ts";

const ENTRY = path.join(import.meta.dirname, "scorer-process-entry.ts");

/** What the process says: it is ready, the scores of the query it was sent with its tokens so far, or why it cannot. */
const scorerReplySchema = z.union([
  z.strictObject({ name: z.string(), fingerprint: z.string() }),
  z.strictObject({ scores: z.array(z.number()), tokens: z.number() }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);
export type ScorerReply = z.infer<typeof scorerReplySchema>;

/**
 * A scorer in a process of its own: an LM of one thread each in several processes is faster than one LM of several threads.
 * @throws what opening the LM throws.
 */
export async function startScorerProcess(settings: ScorerSettings): Promise<QueryScorer> {
  const child = fork(ENTRY, [JSON.stringify(settings)], { serialization: "advanced" });
  const ready = await nextReply(child);
  if (!("fingerprint" in ready)) {
    throw new AppError("internal", "the scoring process did not say that it is ready");
  }
  let tokens = 0;
  return {
    name: ready.name,
    fingerprint: ready.fingerprint,
    async score(item: QueryToScore) {
      const reply = nextReply(child);
      child.send(item);
      const message = await reply;
      if (!("scores" in message)) {
        throw new AppError("internal", "the scoring process sent no scores");
      }
      ({ tokens } = message);
      return message.scores;
    },
    tokens: () => tokens,
    async close() {
      await Promise.resolve(child.kill());
    },
  };
}

async function nextReply(child: ChildProcess): Promise<Exclude<ScorerReply, { error: unknown }>> {
  const message = await new Promise<unknown>((resolve, reject) => {
    const onMessage = (value: unknown): void => {
      child.off("exit", onExit);
      resolve(value);
    };
    const onExit = (code: number | null, killedBy: string | null): void => {
      child.off("message", onMessage);
      reject(
        new AppError(
          "internal",
          `the scoring process ended (${killedBy ?? `exit code ${code}`}); the same command goes on`,
        ),
      );
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
  const reply = scorerReplySchema.parse(message);
  if ("error" in reply) {
    const { code, message: reason } = reply.error;
    throw new AppError(
      [...USER_ERROR_CODES, ...SYSTEM_ERROR_CODES].find((known) => known === code) ?? "internal",
      reason,
    );
  }
  return reply;
}
