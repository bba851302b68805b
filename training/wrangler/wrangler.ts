import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { wranglerEnvironment } from "./wrangler-command.ts";

interface WranglerReply {
  readonly stdout: string;
  /** What wrangler wrote to WRANGLER_OUTPUT_FILE_PATH: one object for each event of the run. */
  readonly events: readonly unknown[];
}

interface LookOptions {
  /** What wrangler says when the thing asked for is not there. Default: that is a failure like any other. */
  readonly missing?: RegExp;
}

/** Runs wrangler's commands: argument arrays, no shell, no questions. */
export interface Wrangler {
  /**
   * Asks and changes nothing. Undefined: what was asked for is not there, or (dry run) nobody was asked.
   * @throws AppError `command_failed` with wrangler's own words.
   */
  look(args: readonly string[], options?: LookOptions): Promise<string | undefined>;
  /** Does something. Throws as `look`; a dry run does nothing and returns undefined. */
  change(args: readonly string[]): Promise<WranglerReply | undefined>;
}

/** One run of a program. */
export interface Execution {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface ExecutionOutcome {
  /** Exit code, or why there is none. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CreateWranglerOptions {
  /** Folder of wrangler.toml. */
  readonly folder: string;
  readonly execute: (execution: Execution) => Promise<ExecutionOutcome>;
  /** The account that every command is for, once it is known. */
  readonly account: () => string | undefined;
  readonly signal: AbortSignal;
}

/** wrangler's commands by whatever `execute` runs. */
export function createWrangler(options: CreateWranglerOptions): Wrangler {
  return {
    async look(args, { missing } = {}) {
      try {
        return (await run(args, options)).stdout;
      } catch (error) {
        if (error instanceof AppError && missing?.test(String(error.details["said"])) === true) {
          return undefined;
        }
        throw error;
      }
    },
    change: (args) => run(args, options),
  };
}

/** Says which commands would be run, exactly, and runs none. */
export function createDryWrangler(print: (line: string) => void): Wrangler {
  const say = (args: readonly string[]): Promise<undefined> => {
    print(commandLine(args));
    return Promise.resolve(undefined);
  };
  return { look: say, change: say };
}

/** A command as one would type it, quoted for a POSIX shell where that is needed. */
function commandLine(args: readonly string[]): string {
  return ["npx", "wrangler", ...args].map((arg) => (/^[\w@%+=:,./-]+$/u.test(arg) ? arg : quoted(arg))).join(" ");
}

function quoted(arg: string): string {
  return `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}

async function run(
  args: readonly string[],
  { folder, execute, account, signal }: CreateWranglerOptions,
): Promise<WranglerReply> {
  const outputFolder = await mkdtemp(path.join(tmpdir(), "aar-wrangler-"));
  const eventsFile = path.join(outputFolder, "events.jsonl");
  const accountId = account();
  const env: NodeJS.ProcessEnv = {
    ...wranglerEnvironment(),
    // wrangler asks nothing then, and takes the answers that do the work.
    CI: "true",
    WRANGLER_OUTPUT_FILE_PATH: eventsFile,
    ...(accountId === undefined ? {} : { CLOUDFLARE_ACCOUNT_ID: accountId }),
  };
  try {
    const { code, stdout, stderr } = await execute({ args, folder, env, signal });
    signal.throwIfAborted();
    if (code !== 0) {
      const said = `${stderr}\n${stdout}`.trim();
      throw new AppError("command_failed", `\`${commandLine(args)}\` failed (${code}):\n${said.slice(-2000)}`, {
        details: { said },
      });
    }
    return { stdout, events: parseLines(await readFile(eventsFile, "utf8").catch(() => "")) };
  } finally {
    await rm(outputFolder, { recursive: true, force: true });
  }
}

/** wrangler appends lines of JSON; one that it did not finish is left out. */
function parseLines(text: string): unknown[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line.trim() === "" ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/**
 * The JSON that a command with `--json` printed; what wrangler may have said before it is skipped.
 * @throws AppError `command_failed` when it is not of that form: another wrangler than this project's.
 */
export function parseJsonOutput<Schema extends z.ZodType>(
  stdout: string,
  schema: Schema,
  args: readonly string[],
): z.output<Schema> {
  const start = stdout.search(/^[[{]/mu);
  let json: unknown;
  try {
    json = JSON.parse(stdout.slice(Math.max(start, 0)));
  } catch (cause) {
    throw new AppError("command_failed", `\`${commandLine(args)}\` printed no JSON: ${stdout.slice(0, 200)}`, {
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new AppError(
      "command_failed",
      `\`${commandLine(args)}\` printed something else than expected: ${z.prettifyError(parsed.error)}; run it with the wrangler of this project (npm ci)`,
    );
  }
  return parsed.data;
}
