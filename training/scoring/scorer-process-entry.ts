/** The program of one scoring process: see `scorer-process.ts`. Its only argument is the settings as JSON. */
import { toAppError } from "../../src/shared/errors.ts";
import type { QueryScorer } from "./query-scorer.ts";
import { openQueryScorer, scorerSettingsSchema } from "./query-scorer.ts";
import type { ScorerReply } from "./scorer-process.ts";
import type { QueryToScore } from "./signal.ts";

function reply(message: ScorerReply): void {
  process.send?.(message);
}

function fail(cause: unknown): void {
  const error = toAppError(cause);
  const reason = error.code === "internal" && error.cause instanceof Error ? error.cause.message : error.message;
  reply({ error: { code: error.code, message: reason } });
}

try {
  const settings = scorerSettingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
  const scorer: QueryScorer = await openQueryScorer(settings);
  process.on("message", (item: QueryToScore) => {
    scorer.score(item).then((scores) => reply({ scores: [...scores], tokens: scorer.tokens() }), fail);
  });
  process.on("SIGINT", () => undefined); // Ctrl-C reaches the whole group; the parent ends this process
  reply({ name: scorer.name, fingerprint: scorer.fingerprint });
} catch (error) {
  fail(error);
  process.disconnect();
}
