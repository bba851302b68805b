import type { CommandContext } from "../../training/define-command.ts";
import { silentProgress } from "./silent-progress.ts";

/** A command's surroundings that keep what it prints and logs. */
export function recordingContext(): CommandContext & { readonly printed: string[]; readonly logged: string[] } {
  const printed: string[] = [];
  const logged: string[] = [];
  return {
    printed,
    logged,
    print: (text) => {
      printed.push(text);
    },
    log: (text) => {
      logged.push(text);
    },
    progress: silentProgress,
    env: {},
    signal: new AbortController().signal,
  };
}
