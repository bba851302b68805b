import { formatTable } from "../format-table.ts";

/** Width of a bin of candidate similarity / anchor similarity. */
const BIN = 0.05;
const LOWEST = 0.5;
const HIGHEST = 1.2;
const BINS = Math.round((HIGHEST - LOWEST) / BIN);

/** Candidates with an answer string that a calibration by answers needs. */
const MINIMUM_WITH_ANSWER = 50;

/** Without answers a margin is suggested that rejects at most this share: most candidates are what they seem. */
const REJECTED_SHARE = 0.2;

export interface MarginBin {
  /** Lower edge of the ratio; the first bin also holds what is below, the last what is above. */
  readonly from: number;
  readonly candidates: number;
  /** Of these, those that hold an accepted answer: likely positives that nobody judged. */
  readonly withAnswer: number;
}

/** How similar candidates are to the question, as a share of their question's anchor. */
export class MarginHistogram {
  readonly #counts = new Uint32Array(BINS);
  readonly #withAnswer = new Uint32Array(BINS);

  add(ratio: number, holdsAnswer: boolean): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor((ratio - LOWEST) / BIN + 1e-9)));
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    this.#withAnswer[bin] = (this.#withAnswer[bin] ?? 0) + (holdsAnswer ? 1 : 0);
  }

  get bins(): readonly MarginBin[] {
    return Array.from({ length: BINS }, (_, bin) => ({
      from: Math.round((LOWEST + bin * BIN) * 100) / 100,
      candidates: this.#counts[bin] ?? 0,
      withAnswer: this.#withAnswer[bin] ?? 0,
    }));
  }
}

/** What a relative margin of 1 - `from` would reject. */
interface MarginEffect {
  readonly margin: number;
  /** Share of all candidates. */
  readonly rejected: number;
  /** Share of those with an accepted answer, and of those without. */
  readonly withAnswer: number;
  readonly withoutAnswer: number;
}

function marginEffects(bins: readonly MarginBin[]): MarginEffect[] {
  const all = sum(bins, ({ candidates }) => candidates);
  const answers = sum(bins, ({ withAnswer }) => withAnswer);
  return bins.map(({ from }, index) => {
    const above = bins.slice(index);
    const rejected = sum(above, ({ candidates }) => candidates);
    const withAnswer = sum(above, (bin) => bin.withAnswer);
    return {
      margin: Math.round((1 - from) * 100) / 100,
      rejected: share(rejected, all),
      withAnswer: share(withAnswer, answers),
      withoutAnswer: share(rejected - withAnswer, all - answers),
    };
  });
}

/**
 * A relative margin for this encoder and set. With answers: the one that best tells candidates that hold an accepted answer
 * from the others (the largest difference of the shares rejected, Youden's J). Without: the widest that rejects at most
 * a fifth. No margin below 0 (what is nearer than the anchor is never a safe negative). Undefined without candidates.
 */
export function suggestMargin(bins: readonly MarginBin[]): number | undefined {
  const effects = marginEffects(bins).filter(({ margin }) => margin >= 0 && margin < 1);
  if (sum(bins, ({ candidates }) => candidates) === 0) {
    return undefined;
  }
  if (sum(bins, ({ withAnswer }) => withAnswer) >= MINIMUM_WITH_ANSWER) {
    const gain = ({ withAnswer, withoutAnswer }: MarginEffect): number => withAnswer - withoutAnswer;
    return effects.reduce((best, effect) => (gain(effect) >= gain(best) ? effect : best)).margin;
  }
  return effects.find(({ rejected }) => rejected <= REJECTED_SHARE)?.margin ?? 0;
}

/** The histogram for reading: what each margin would cost. */
export function formatMarginHistogram(bins: readonly MarginBin[]): string {
  const effects = marginEffects(bins);
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return formatTable(
    ["similarity / anchor", "candidates", "margin", "rejects", "with answer", "without"],
    bins.map(({ from, candidates }, index) => {
      const { margin, rejected, withAnswer, withoutAnswer } = effects[index] ?? {
        margin: 0,
        rejected: 0,
        withAnswer: 0,
        withoutAnswer: 0,
      };
      const label = index === 0 ? `below ${(LOWEST + BIN).toFixed(2)}` : `${from.toFixed(2)} and up`;
      return [
        label,
        String(candidates),
        margin.toFixed(2),
        percent(rejected),
        percent(withAnswer),
        percent(withoutAnswer),
      ];
    }),
  );
}

function sum(bins: readonly MarginBin[], value: (bin: MarginBin) => number): number {
  return bins.reduce((total, bin) => total + value(bin), 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
