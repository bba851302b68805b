import { z } from "zod";
import type { Progress, ProgressOptions } from "./progress.ts";

/** What a command may touch of the process; tests pass a fake. */
export interface CommandContext {
  /** Results only: what a pipe or a program reads. A newline is added. */
  readonly print: (text: string) => void;
  /** Logs and warnings, to stderr. A newline is added. */
  readonly log: (text: string) => void;
  /** Progress of a long stage, to stderr. */
  readonly progress: (options: ProgressOptions) => Progress;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command as its file writes it: `options` is the one description of its flags. */
export interface CommandDefinition<Shape extends z.ZodRawShape> {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs below the summary in `aar <command> --help`; a line break counts before a space or an empty line only. */
  readonly description?: string;
  /** Command lines without the leading `npm run aar --`. */
  readonly examples?: readonly string[];
  /**
   * Camel-case fields become kebab-case flags: booleans are switches (`--no-…` when the default is true), numbers are
   * parsed, arrays take a comma-separated list. `.meta({ description, placeholder })` feeds the help.
   */
  readonly options: z.ZodObject<Shape>;
  /** The option that may also be given without its flag, as the one plain word of the command line. */
  readonly argument?: keyof Shape & string;
  run(options: z.output<z.ZodObject<Shape>>, context: CommandContext): Promise<void>;
}

/** A command with its option types erased, as `command-line.ts` and the registry see it. */
export interface Command {
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly flags: readonly Flag[];
  /** Name of the flag that a plain word stands for. */
  readonly argument: string | undefined;
  /** Validates what the command line gave (by camel-case name) and runs. Throws `UsageError` when it does not parse. */
  execute(given: Readonly<Record<string, unknown>>, context: CommandContext): Promise<void>;
}

/** One flag of a command, read from its schema. */
export interface Flag {
  /** Camel-case, as in the schema. */
  readonly name: string;
  /** Kebab-case with the dashes. */
  readonly long: string;
  readonly kind: "boolean" | "number" | "string" | "list";
  readonly description: string;
  readonly placeholder: string;
  readonly required: boolean;
  readonly defaultValue: unknown;
  readonly choices: readonly string[];
}

/** The command line itself is wrong: an unknown flag, a missing or malformed value. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Checks a definition and derives its flags. */
export function defineCommand<Shape extends z.ZodRawShape>(definition: CommandDefinition<Shape>): Command {
  const { summary, description = "", examples = [], options } = definition;
  return {
    summary,
    description: description.replaceAll(/(?<!\n)\n(?=\S)/gu, " "),
    examples,
    flags: readFlags(options),
    argument: definition.argument,
    async execute(given, context) {
      const parsed = options.safeParse(given);
      if (!parsed.success) {
        throw new UsageError(parsed.error.issues.map((issue) => describeIssue(issue, given)).join("; "));
      }
      await definition.run(parsed.data, context);
    },
  };
}

const propertySchema = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  placeholder: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  items: z.looseObject({ enum: z.array(z.string()).optional() }).optional(),
});
const objectSchema = z.looseObject({
  properties: z.record(z.string(), propertySchema).default({}),
  required: z.array(z.string()).default([]),
});

function readFlags(options: z.ZodObject): Flag[] {
  const { properties, required } = objectSchema.parse(z.toJSONSchema(options, { io: "input", unrepresentable: "any" }));
  return Object.entries(properties).map(([name, property]) => {
    const kind = flagKind(property.type);
    return {
      name,
      long: `--${kebabCase(name)}`,
      kind,
      description: property.description ?? "",
      placeholder: property.placeholder ?? (kind === "number" ? "n" : "value"),
      required: required.includes(name),
      defaultValue: property.default,
      choices: property.enum ?? property.items?.enum ?? [],
    };
  });
}

function flagKind(type: string | undefined): Flag["kind"] {
  if (type === "boolean") {
    return "boolean";
  }
  if (type === "array") {
    return "list";
  }
  return type === "integer" || type === "number" ? "number" : "string";
}

function describeIssue(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const name = String(issue.path[0] ?? "");
  if (name === "") {
    return issue.message;
  }
  const value = given[name];
  return value === undefined
    ? `--${kebabCase(name)} is required`
    : `--${kebabCase(name)}: ${issue.message.replace("Invalid input: ", "")}, got ${JSON.stringify(value)}`;
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
}
