import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import type { CommandContext } from "../define-command.ts";
import { UsageError } from "../define-command.ts";
import { readMiningOptions } from "../mining/read-candidates.ts";
import { readMaking } from "../scoring/score-meta.ts";
import { mineCommand } from "./mine.ts";
import type { questionFlags } from "./question-flags.ts";
import { scoreCommand } from "./score.ts";

/** Flags of a further round; all but the first need it. */
export const refreshFlags = {
  refresh: z
    .boolean()
    .default(false)
    .describe(
      "a further round: mine again with the current --encoder or --adapter, into <output>/candidates, and let --lm score what --scores lack",
    ),
  encoder: z.string().optional().meta({ placeholder: "dir", description: "with --refresh: the encoder as trained" }),
  adapter: z.string().optional().meta({ placeholder: "file", description: "with --refresh: the query adapter" }),
  vectors: z.string().optional().meta({
    placeholder: "dir",
    description: "with --refresh: passage vectors of that encoder; default: those of before",
  }),
  lm: z.string().optional().meta({
    placeholder: "path",
    description: "with --refresh and --scores: the source LM that made the scores, as `score` takes it",
  }),
  model: z.string().optional().meta({ placeholder: "name", description: "with --refresh: a server's name of the LM" }),
  processes: z.int().positive().optional().meta({ description: "with --refresh: LMs side by side" }),
} as const;

/** The flags that `build` was given, as far as a further round needs them. */
export type RefreshOptions = z.output<z.ZodObject<typeof refreshFlags & typeof questionFlags>> & {
  readonly candidates: string;
  readonly output: string;
  readonly scores: readonly string[];
  readonly scoreDepth: number;
};

/** Throws UsageError for flags of a further round without `--refresh`. */
export function checkRefreshFlags(given: RefreshOptions): void {
  const stray = (["encoder", "adapter", "vectors", "lm", "model", "processes"] as const).find(
    (name) => given[name] !== undefined,
  );
  if (!given.refresh && stray !== undefined) {
    throw new UsageError(`--${stray} is of a further round: say --refresh too`);
  }
}

export interface RefreshCandidatesOptions {
  readonly given: RefreshOptions;
  /** Signals whose new pairs are scored. */
  readonly signals: readonly string[];
  readonly context: CommandContext;
}

/**
 * ANCE's asynchronous refresh as two commands a person could type: `mine` as before but with the adapted encoder, then `score`
 * into the first of the score files, which asks the LM only about pairs that it lacks. Returns the folder of the new candidates.
 * @throws UsageError without an encoder that changed, or without the LM; AppError when the LM is not the one of the scores.
 */
export async function refreshCandidates({ given, signals, context }: RefreshCandidatesOptions): Promise<string> {
  const { candidates, output, scores, encoder, adapter, vectors, lm } = given;
  const [scoreFile] = scores;
  if (encoder === undefined && adapter === undefined) {
    throw new UsageError("--refresh mines with what was trained: name it by --adapter or --encoder");
  }
  if (scoreFile !== undefined && lm === undefined) {
    throw new UsageError(`--refresh has to score new pairs for ${scoreFile}: name the source LM by --lm`);
  }
  const before = await readMiningOptions(candidates);
  const mined = path.join(output, "candidates");
  const logged = { ...context, print: context.log }; // what they print is not what build prints
  await mineCommand.execute(
    {
      ...before,
      ...questionsOf(given),
      ...defined({ encoder, adapter, vectors, limit: given.limit ?? before["limit"] }),
      scoreDepth: given.scoreDepth,
      refresh: scores,
      output: mined,
    },
    logged,
  );
  for (const signal of scoreFile === undefined ? [] : signals) {
    await scoreCommand.execute(await scoreOptions(given, { scoreFile, signal, mined }), logged);
  }
  return mined;
}

interface NewScores {
  readonly scoreFile: string | undefined;
  readonly signal: string;
  readonly mined: string;
}

/** As the labels that are there were made. */
async function scoreOptions(given: RefreshOptions, { scoreFile = "", signal, mined }: NewScores) {
  const making = await readMaking(scoreFile, signal);
  if (making === undefined) {
    throw new AppError(
      "invalid_request",
      `${scoreFile} does not say how its ${signal} was made: only labels of \`score\` can be continued`,
    );
  }
  const { data, scoreDepth, lm, model, processes } = given;
  return defined({
    data,
    run: path.join(mined, "candidates.trec"),
    output: scoreFile,
    depth: scoreDepth,
    signal,
    prompt: making.prompt,
    maxPassageTokens: making.maxPassageTokens,
    lm,
    model,
    processes,
  });
}

function questionsOf({ data, split, seed, heldOut, allowTestSplit }: RefreshOptions): Record<string, unknown> {
  return { data, split, seed, heldOut, allowTestSplit };
}

function defined(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
