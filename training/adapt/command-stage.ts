import path from "node:path";
import type { Command } from "../define-command.ts";
import type { Stage, StageEstimate } from "./stage.ts";

/** Finds a command by its name. */
export type FindCommand = (name: string) => Promise<Command>;

export interface CommandStageOptions {
  readonly id: string;
  readonly command: string;
  /** By camel-case name, as the command's schema has them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly estimate: StageEstimate;
  /** Options that change neither results nor files: not a reason to run again. */
  readonly passing?: Readonly<Record<string, unknown>>;
}

/** A command of the CLI as a stage: called as a function, in this process, with the options a person would type. */
export function commandStage(
  { command: name, options, passing = {}, ...stage }: CommandStageOptions,
  findCommand: FindCommand,
): Stage {
  const given = Object.fromEntries(
    Object.entries({ ...options, ...passing }).filter(([, value]) => value !== undefined),
  );
  return {
    ...stage,
    options: { command: name, ...options },
    commandLine: commandLine(name, given),
    async run(context) {
      const command = await findCommand(name);
      const printed: string[] = [];
      await command.execute(given, { ...context, print: (text) => printed.push(text) });
      const facts = parsePrinted(printed.join("\n"));
      return { tokens: tokensOf(facts), facts };
    },
  };
}

/** JSON as it is; text of a command that prints none as a text. */
function parsePrinted(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Tokens that a command says it put through a language model. */
function tokensOf(facts: unknown): number {
  if (typeof facts !== "object" || facts === null) {
    return 0;
  }
  const counts: unknown[] = ["promptTokens", "completionTokens", "tokens"].map((name) =>
    name in facts ? Reflect.get(facts, name) : 0,
  );
  return counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
}

function commandLine(name: string, options: Readonly<Record<string, unknown>>): string {
  const flags = Object.entries(options).flatMap(([option, value]) => {
    const flag = option.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
    if (typeof value === "boolean") {
      return [value ? `--${flag}` : `--no-${flag}`];
    }
    if (Array.isArray(value) && value.length === 0) {
      return [];
    }
    return [`--${flag} ${quoted(Array.isArray(value) ? value.join(",") : String(value))}`];
  });
  return ["npm run aar --", name, ...flags].join(" ");
}

/** Paths below the current folder relative to it, quoted for a shell where it needs that. */
function quoted(value: string): string {
  const relative = path.isAbsolute(value) ? path.relative(process.cwd(), value) : value;
  const short = relative !== "" && relative.length < value.length ? relative : value;
  return /^[\w./:,=@%+-]+$/u.test(short) ? short : `'${short.replaceAll("'", String.raw`'\''`)}'`;
}
