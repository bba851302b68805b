/** Runs jobs one after the other, in the order in which they came. */
export interface JobQueue {
  /** Jobs waiting or at work. */
  readonly size: number;
  run<Result>(job: () => Promise<Result>): Promise<Result>;
}

/** One LM has one sequence, so requests wait for each other. A job that fails does not keep the others. */
export function createJobQueue(): JobQueue {
  let last: Promise<unknown> = Promise.resolve();
  let size = 0;
  return {
    get size() {
      return size;
    },
    async run(job) {
      size += 1;
      const before = last;
      const own = (async () => {
        await before.catch(() => undefined); // whoever sent that job has been told
        return await job();
      })();
      last = own;
      try {
        return await own;
      } finally {
        size -= 1;
      }
    },
  };
}
