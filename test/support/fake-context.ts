import type { CommandContext } from "../../training/define-command.ts";
import { silentProgress } from "./silent-progress.ts";

/** A command's context that remembers what was printed and logged. */
export interface FakeContext extends CommandContext {
  readonly printed: string[];
  readonly logged: string[];
}

export function fakeContext(given: Partial<CommandContext> = {}): FakeContext {
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
    ...given,
  };
}
