export interface WhenOrphanedOptions {
  /** Default: the process that started this one. */
  readonly parent?: () => number;
  /** Milliseconds from one look to the next. Default 500. */
  readonly interval?: number;
}

/**
 * Resolves when the process that started this one is gone. npm passes signals on to the shell between it and us, and the shell
 * passes on nothing: without this the server stays, and keeps its port, when npm is killed.
 */
export function whenOrphaned({ parent = () => process.ppid, interval = 500 }: WhenOrphanedOptions = {}): Promise<void> {
  const first = parent();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (parent() !== first) {
        clearInterval(timer);
        resolve();
      }
    }, interval);
    timer.unref();
  });
}
