import cliProgress from "cli-progress";

/** Where progress is drawn; `process.stderr` or a test's buffer. */
interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

export interface ProgressOptions {
  /** What is being done, in a word or two: "encode". */
  readonly label: string;
  readonly total: number;
  /** What is counted: "passages". */
  readonly unit: string;
  /** Done already (resumed work); it does not count towards the rate. Default 0. */
  readonly start?: number;
}

/** Progress of one stage. Call `finish` when it is over, also after an error. */
export interface Progress {
  /** `note` stands behind the time left until another one comes: "loss 0.42". */
  advance(by: number, note?: string): void;
  finish(): void;
}

export interface CreateProgressOptions extends ProgressOptions {
  readonly stream: ProgressStream;
  /** Milliseconds since any origin. */
  readonly now?: () => number;
  /** Between two plain lines when `stream` is no terminal. Default 5000. */
  readonly lineIntervalMs?: number;
}

/** A bar with rate and time left on a terminal; a plain line every few seconds elsewhere. */
export function createProgress(options: CreateProgressOptions): Progress {
  return options.stream.isTTY === true ? createBar(options) : createLines(options);
}

function createBar({ label, total, unit, start = 0, stream, now = Date.now }: CreateProgressOptions): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${label} {bar} {percentage}% | {value}/{total} ${unit} | {rate} | {left}{note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    stream,
  });
  const began = now();
  let done = start;
  bar.start(total, start, { rate: "", left: "", note: "" });
  return {
    advance(by, note) {
      done += by;
      const pacing = pace({ done, start, total, unit, elapsedMs: now() - began });
      bar.update(done, note === undefined ? pacing : { ...pacing, note: ` | ${note}` });
    },
    finish() {
      bar.stop();
    },
  };
}

function createLines({
  label,
  total,
  unit,
  start = 0,
  stream,
  now = Date.now,
  lineIntervalMs = 5000,
}: CreateProgressOptions): Progress {
  const began = now();
  let done = start;
  let lastLine = began;
  let lastDone = -1;
  let lastNote = "";
  const write = (): void => {
    const { rate, left } = pace({ done, start, total, unit, elapsedMs: now() - began });
    const percentage = total === 0 ? 100 : Math.floor((100 * done) / total);
    stream.write(`${label}: ${done}/${total} ${unit} (${percentage}%), ${rate}, ${left}${lastNote}\n`);
    lastDone = done;
  };
  return {
    advance(by, note) {
      done += by;
      lastNote = note === undefined ? lastNote : `, ${note}`;
      if (now() - lastLine >= lineIntervalMs) {
        lastLine = now();
        write();
      }
    },
    finish() {
      if (lastDone !== done) {
        write();
      }
    },
  };
}

interface PaceOptions {
  readonly done: number;
  readonly start: number;
  readonly total: number;
  readonly unit: string;
  readonly elapsedMs: number;
}

function pace({ done, start, total, unit, elapsedMs }: PaceOptions): { readonly rate: string; readonly left: string } {
  const perSecond = elapsedMs > 0 ? (done - start) / (elapsedMs / 1000) : 0;
  if (done >= total) {
    return { rate: `${formatRate(perSecond)} ${unit}/s`, left: `done in ${formatDuration(elapsedMs / 1000)}` };
  }
  const left = perSecond > 0 ? `${formatDuration((total - done) / perSecond)} left` : "time left unknown";
  return { rate: `${formatRate(perSecond)} ${unit}/s`, left };
}

function formatRate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
