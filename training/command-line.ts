import { inspect } from "node:util";
import { Command as Program, CommanderError, Option } from "commander";
import { AppError } from "../src/shared/errors.ts";
import { COMMANDS } from "./commands/registry.ts";
import { UsageError } from "./define-command.ts";
import type { Command, CommandContext, Flag } from "./define-command.ts";
import { createProgress } from "./progress.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** What a command line may touch of the process that runs it. */
export interface CommandLineSurroundings {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: CommandContext["env"];
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs one command line (without `node` and the script) and returns the exit code; says on stderr what failed. */
export async function runCommandLine(argv: readonly string[], surroundings: CommandLineSurroundings): Promise<number> {
  try {
    const program = await buildProgram(argv[0], surroundings);
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return reportFailure(error, surroundings);
  }
}

/** All commands by name; only the called one is loaded and gets its flags. */
async function buildProgram(called: string | undefined, surroundings: CommandLineSurroundings): Promise<Program> {
  const context = createContext(surroundings);
  const program = new Program("aar")
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
    })
    .description("Augmentation-adapted retriever, offline half. Results go to stdout, progress and logs to stderr.")
    .exitOverride()
    .helpCommand(false)
    .showSuggestionAfterError(true);
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const subcommand = program.command(name).summary(entry.summary).description(entry.summary).exitOverride();
    subcommand.showSuggestionAfterError(true);
    if (name === called) {
      addCommand(subcommand, await entry.load(), context);
    }
  }
  program.addHelpText("after", "\nFlags of a command: aar <command> --help");
  return program;
}

function addCommand(subcommand: Program, command: Command, context: CommandContext): void {
  for (const flag of command.flags) {
    subcommand.addOption(toOption(flag));
  }
  subcommand.summary(command.summary).description([command.summary, command.description].filter(Boolean).join("\n\n"));
  if (command.examples.length > 0) {
    subcommand.addHelpText(
      "after",
      `\nExamples:\n${command.examples.map((line) => `  npm run aar -- ${line}`).join("\n")}`,
    );
  }
  const { argument } = command;
  if (argument === undefined) {
    subcommand.action(async (given: Record<string, unknown>) => {
      await command.execute(given, context);
    });
    return;
  }
  const placeholder = command.flags.find(({ name }) => name === argument)?.placeholder ?? argument;
  subcommand.argument(`[${placeholder}]`);
  subcommand.action(async (word: string | undefined, given: Record<string, unknown>) => {
    await command.execute(word === undefined ? given : { [argument]: word, ...given }, context);
  });
}

function toOption(flag: Flag): Option {
  if (flag.kind === "boolean") {
    const isOnByDefault = flag.defaultValue === true;
    return new Option(isOnByDefault ? flag.long.replace(/^--/u, "--no-") : flag.long, flag.description);
  }
  const option = new Option(`${flag.long} <${flag.placeholder}>`, describeFlag(flag));
  if (flag.kind === "number") {
    option.argParser(parseNumber);
  }
  if (flag.kind === "list") {
    option.argParser((value: string) => value.split(",").filter((item) => item !== ""));
  }
  return option;
}

/** Defaults are shown here and applied by the schema, so commander never holds a second copy of them. */
function describeFlag({ description, choices, defaultValue, required }: Flag): string {
  const notes = [
    ...(required ? ["required"] : []),
    ...(choices.length > 0 ? [`one of ${choices.join(", ")}`] : []),
    ...(defaultValue === undefined ? [] : [`default ${formatDefault(defaultValue)}`]),
  ];
  return [description, ...(notes.length === 0 ? [] : [`(${notes.join("; ")})`])].filter(Boolean).join(" ");
}

function formatDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : JSON.stringify(value).replaceAll('"', "");
}

/** What is no number stays text, so that the schema's own message names the flag and the value. */
function parseNumber(value: string): number | string {
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

function createContext({ stdout, stderr, env, signal }: CommandLineSurroundings): CommandContext {
  return {
    print: (text) => {
      stdout.write(`${text}\n`);
    },
    log: (text) => {
      stderr.write(`${text}\n`);
    },
    progress: (options) => createProgress({ ...options, stream: stderr }),
    env,
    signal,
  };
}

function reportFailure(error: unknown, { stderr, env, signal }: CommandLineSurroundings): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : EXIT_USAGE; // commander has printed it already
  }
  if (error instanceof UsageError) {
    stderr.write(`error: ${error.message}\n`);
    return EXIT_USAGE;
  }
  const isOurs = error instanceof AppError && error.code !== "internal";
  if (!isOurs || env["AAR_DEBUG"] === "1") {
    stderr.write(`${inspect(error)}\n`);
  } else {
    stderr.write(`error: ${error.message}\n`);
  }
  return signal.aborted ? EXIT_INTERRUPTED : EXIT_FAILED;
}
