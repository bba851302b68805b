interface StepStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Prints each step on a line of its own: what, the outcome, how long. */
export interface Steps {
  /** Runs `work` and describes its result. A failure is printed as such and thrown on. */
  run<Result>(name: string, work: () => Promise<Result>, describe: (result: Result) => string): Promise<Result>;
}

/** On a terminal a running step is shown too; elsewhere there is one line for each finished step. */
export function createSteps(stream: StepStream, now: () => number = () => performance.now()): Steps {
  return {
    async run(name, work, describe) {
      const startedAt = now();
      const label = `  ${name.padEnd(10)}`;
      if (stream.isTTY === true) {
        stream.write(`${label} …`);
      }
      const begin = stream.isTTY === true ? "\r\u001B[K" : "";
      try {
        const result = await work();
        stream.write(`${begin}${label} ${describe(result).padEnd(52)} ${seconds(now() - startedAt).padStart(6)}\n`);
        return result;
      } catch (error) {
        stream.write(`${begin}${label} failed\n`);
        throw error;
      }
    },
  };
}

/** "3.1 s". */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
