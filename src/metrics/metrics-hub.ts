import { Metrics, type Series } from "./metrics.ts";
import { renderMetrics } from "./render-metrics.ts";

/** Who adds up what all isolates have counted. */
export interface MetricsSink {
  add(series: Series): Promise<void>;
  read(): Promise<Series>;
}

export interface MetricsHubOptions {
  readonly sink: MetricsSink;
  /** Milliseconds. */
  readonly now: () => number;
  /** Keeps the isolate alive until it is handed over; the promise never rejects. */
  readonly defer: (work: Promise<void>) => void;
}

/** A busy isolate hands over this often; an idle one when it is next asked something. */
const HAND_OVER_MILLISECONDS = 10_000;

/**
 * What this isolate counts, handed over to where all isolates' counts are added up, so that a scrape sees all of them whichever
 * it meets. At most once: what cannot be handed over, or is still here when the isolate ends, is lost. Bills are made from usage
 * records, never from these.
 */
export class MetricsHub {
  readonly metrics = new Metrics();
  readonly #options: MetricsHubOptions;
  #handedOverAt: number;

  constructor(options: MetricsHubOptions) {
    this.#options = options;
    this.#handedOverAt = options.now();
  }

  /** To be called after each request. */
  tick(): void {
    const { now, defer } = this.#options;
    if (now() - this.#handedOverAt >= HAND_OVER_MILLISECONDS) {
      defer(this.#handOver().catch(() => undefined));
    }
  }

  /** All isolates' metrics, as Prometheus reads them. Throws what the sink throws. */
  async text(): Promise<string> {
    await this.#handOver();
    return renderMetrics(await this.#options.sink.read());
  }

  async #handOver(): Promise<void> {
    this.#handedOverAt = this.#options.now();
    await this.#options.sink.add(this.metrics.take());
  }
}
