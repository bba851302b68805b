import type { CommandContext } from "../define-command.ts";

/** A number that a stage is expected to take before it has been run. */
export interface StageEstimate {
  readonly seconds: number;
  /** Through a language model. */
  readonly tokens: number;
}

/** What a stage says when it is done, besides its files. */
interface StageOutcome {
  readonly tokens: number;
  /** What it printed, parsed: numbers for the report. */
  readonly facts: unknown;
}

/**
 * One step of an experiment: files in, files out. It is run again only when its options or the content of its inputs have
 * changed, or an output is missing or altered; its own resuming (shards, journals, checkpoints) is its own affair.
 */
export interface Stage {
  /** Unique: "train:lm:query-adapter". */
  readonly id: string;
  /** As a person would type it, for the report. */
  readonly commandLine: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Files or folders by a short name; those of earlier stages included. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Files or folders by a short name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly estimate: StageEstimate;
  run(context: CommandContext): Promise<StageOutcome>;
}
