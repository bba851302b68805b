import type { Progress, ProgressOptions } from "../progress.ts";
import type { QueryScorer } from "./query-scorer.ts";
import type { QueryToScore } from "./signal.ts";

/** LMs side by side, and threads of each. */
export interface ScorerSetting {
  readonly processes: number;
  readonly threads: number;
}

export interface SettingSpeed extends ScorerSetting {
  readonly queriesPerSecond: number;
}

export interface TuneScorersOptions {
  readonly cores: number;
  /** The first of them are scored, each by every setting; their scores are thrown away. */
  readonly items: readonly QueryToScore[];
  readonly open: (setting: ScorerSetting) => Promise<readonly QueryScorer[]>;
  /** Milliseconds since any origin. */
  readonly now: () => number;
  readonly progress: (options: ProgressOptions) => Progress;
}

/** Queries of one process in a measurement, after one that warms it up. */
const QUERIES_PER_PROCESS = 2;

/** Measures the sensible settings of a machine one after the other. Fastest first. */
export async function tuneScorers(options: TuneScorersOptions): Promise<readonly SettingSpeed[]> {
  const { cores, items, open, now } = options;
  const settings: readonly ScorerSetting[] =
    cores === 1
      ? [{ processes: 1, threads: 1 }]
      : [
          { processes: 1, threads: 1 },
          { processes: 1, threads: cores },
          { processes: cores, threads: 1 },
        ];
  const speeds: SettingSpeed[] = [];
  const progress = options.progress({ label: "tune", unit: "settings", total: settings.length });
  for (const setting of settings) {
    const scorers = await open(setting);
    const [warmUp, ...measured] = items.slice(0, 1 + QUERIES_PER_PROCESS * setting.processes);
    await Promise.all(scorers.map(async (scorer) => (warmUp === undefined ? [] : await scorer.score(warmUp))));
    const began = now();
    const queue = measured.values();
    await Promise.all(
      scorers.map(async (scorer) => {
        for (const item of queue) {
          await scorer.score(item);
        }
      }),
    );
    speeds.push({ ...setting, queriesPerSecond: measured.length / ((now() - began) / 1000) });
    await Promise.all(scorers.map((scorer) => scorer.close()));
    progress.advance(1);
  }
  progress.finish();
  return speeds.toSorted((a, b) => b.queriesPerSecond - a.queriesPerSecond);
}
