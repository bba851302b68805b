import { appendFile } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { diskError } from "../artifacts/disk-error.ts";

/** One optimiser step. */
export interface StepMetrics extends Readonly<Record<string, number>> {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly tokens: number;
  readonly seconds: number;
}

/** One evaluation. */
export interface EvaluationMetrics {
  readonly step: number;
  readonly measure: string;
  readonly score: number;
}

/** Lines kept in memory before they go to disk: a step of an adapter takes a millisecond. */
const BUFFERED_LINES = 200;

/** Weight of the newest step in the means that are shown. */
const SMOOTHING = 0.1;

/** `metrics.jsonl` of a run, and a summary of it for the progress line. */
export class MetricsLog {
  readonly #file: string;
  readonly #lines: string[];
  #written: number;
  #loss: number | undefined;
  #tokensPerSecond: number | undefined;
  #maskedShare: number | undefined;
  #evaluation: EvaluationMetrics | undefined;

  private constructor(file: string, lines: readonly string[]) {
    this.#file = file;
    this.#lines = [...lines];
    this.#written = lines.length;
  }

  /** Starts the file anew with the lines of the checkpoint that is resumed. */
  static async open(output: string, lines: readonly string[]): Promise<MetricsLog> {
    const file = path.join(output, "metrics.jsonl");
    await writeFileAtomic(file, lines);
    return new MetricsLog(file, lines);
  }

  /** All lines of the run so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  async step(metrics: StepMetrics): Promise<void> {
    const { loss, tokens, seconds, maskedShare } = metrics;
    this.#loss = smoothed(this.#loss, loss);
    this.#tokensPerSecond =
      tokens === 0 ? undefined : smoothed(this.#tokensPerSecond, tokens / Math.max(seconds, 1e-6));
    this.#maskedShare = maskedShare;
    await this.#add(metrics);
  }

  async evaluation(metrics: EvaluationMetrics): Promise<void> {
    this.#evaluation = metrics;
    await this.#add(metrics);
  }

  /** @throws AppError `invalid_artifact` when the disk refuses; the lines are not lost, a checkpoint has its own. */
  async flush(): Promise<void> {
    const pending = this.#lines.slice(this.#written);
    if (pending.length > 0) {
      await appendFile(this.#file, pending.join("")).catch((error: unknown) => {
        throw diskError(this.#file, error);
      });
      this.#written = this.#lines.length;
    }
  }

  /** "loss 0.4213, 1830 tokens/s, nDCG@10 0.7012 at step 200, 3% masked". */
  summary(): string {
    const { measure, score, step } = this.#evaluation ?? {};
    return [
      ...(this.#loss === undefined ? [] : [`loss ${this.#loss.toFixed(4)}`]),
      ...(this.#tokensPerSecond === undefined ? [] : [`${this.#tokensPerSecond.toFixed(0)} tokens/s`]),
      ...(score === undefined ? [] : [`${measure} ${score.toFixed(4)} at step ${step}`]),
      ...(this.#maskedShare === undefined ? [] : [`${(100 * this.#maskedShare).toFixed(1)}% masked`]),
    ].join(", ");
  }

  async #add(metrics: object): Promise<void> {
    this.#lines.push(`${JSON.stringify(metrics)}\n`);
    if (this.#lines.length - this.#written >= BUFFERED_LINES) {
      await this.flush();
    }
  }
}

function smoothed(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + SMOOTHING * (value - mean);
}
