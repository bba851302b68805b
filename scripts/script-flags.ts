import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

/**
 * Flags of a script, as `parseArgs` has them, and `--help`: it prints `usage`, by default the comment at the head of the script. A flag
 * that the script does not have ends it with a line about it, the usage and status 2.
 */
export function parseScriptFlags<const Config extends ParseArgsConfig>(
  config: Config,
  usage = headOf(process.argv[1] ?? ""),
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return process.exit(2);
  }
}

/** The text of a file's first comment. */
function headOf(file: string): string {
  const [, comment = ""] = /\/\*\*(.*?)\*\//su.exec(readFileSync(file, "utf8")) ?? [];
  return comment
    .split("\n")
    .map((line) => line.replace(/^ \* ?/u, "").trimEnd())
    .join("\n")
    .trim();
}
