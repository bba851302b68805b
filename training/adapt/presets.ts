import type { z } from "zod";

type CommandOptions = Readonly<Record<string, z.core.util.JSONType>>;

/** What a preset decides; an experiment file overrides any of it. */
export interface Preset {
  readonly summary: string;
  readonly conditions: readonly ("human" | "lm" | "both")[];
  readonly modes: readonly ("query-adapter" | "query-encoder" | "both")[];
  /** Options of the commands. */
  readonly mine: CommandOptions;
  readonly score: CommandOptions;
  readonly build: CommandOptions;
  readonly train: CommandOptions;
  readonly trainModes: Readonly<Record<string, CommandOptions>>;
  /** Over `build`, of one condition. */
  readonly buildConditions?: Readonly<Record<string, CommandOptions>>;
  /** Over `train` and `trainModes`, of one condition in one mode: `condition:mode`. */
  readonly trainRows?: Readonly<Record<string, CommandOptions>>;
}

/** Numbers in the comments are rows of the table in docs/aar-disagreements.md. */
const PRESET_TABLE = {
  /** The paper's text, with the sizes of its Contriever run. */
  aar: {
    summary: "the paper: FiD attention of a T5, N=10, K=2, M=100, any number of positives, passages trained too",
    conditions: ["human", "lm", "both"],
    modes: ["both"],
    mine: { mode: "dense", depth: 100 }, // M = 100 (6), mined once (5)
    score: { signal: "fid-attention-probability", depth: 10 }, // "attention scores" (1), N = 10
    build: {
      lmPositives: 2, // K
      scoreDepth: 10,
      gainTest: false,
      strict3: false, // (2)
      negatives: 30,
      relativeMargin: "off",
      answerFilter: false,
      spareLmRanks: 0,
    },
    train: { temperature: 0.05, negatives: 7, positives: "variable", loss: "contrastive" }, // (3, 4)
    trainModes: { both: { batchSize: 8, learningRate: 1e-5, epochs: 3, hardNegatives: "file", maxPositives: 3 } }, // (7)
  },
  /** The authors' code where it differs from the paper. */
  "aar-strict": {
    summary: "the authors' code: as aar, only questions with exactly three positives, batch 16",
    conditions: ["human", "lm", "both"],
    modes: ["both"],
    mine: { mode: "dense", depth: 100 },
    score: { signal: "fid-attention", depth: 10 }, // logits (1)
    build: {
      lmPositives: 2,
      scoreDepth: 10,
      gainTest: false,
      strict3: true, // (2)
      negatives: 30,
      relativeMargin: "off",
      answerFilter: false,
      spareLmRanks: 0,
    },
    train: { temperature: 0.05, negatives: 7, positives: "strict3", loss: "contrastive" },
    trainModes: { both: { batchSize: 16, learningRate: 1e-5, epochs: 3, hardNegatives: "file", maxPositives: 3 } }, // (7)
  },
  /** Ours: no stored vector changes, decoder-only LMs, filters against false negatives. */
  edge: {
    summary:
      "ours: query side only, hybrid first stage, query likelihood of any causal LM (no answers, no judgments); LM only: all N by degrees",
    conditions: ["human", "lm", "both"],
    modes: ["query-adapter", "query-encoder"],
    mine: { mode: "hybrid", depth: 100 },
    score: { signal: "query-likelihood", depth: 10 },
    // Chosen on development questions (docs/experiments/README.md). One LM positive is better than two here. No dev.jsonl: to stop on labels of the same LM is worse than to train to the end.
    build: { lmPositives: 1, scoreDepth: 10, devShare: 0 },
    train: {},
    trainModes: {
      "query-adapter": { learningRate: 3e-4, epochs: 8, batchSize: 32, negatives: 15, identityWeight: 0.3 },
      "query-encoder": { learningRate: 3e-5, epochs: 3, batchSize: 32, negatives: 7, blend: [0.75] },
    },
    // The LM and the first stage that it corrects are better teachers together, and by all they say: the N scored passages, and the next best
    // ones as negatives.
    buildConditions: {
      lm: {
        firstStage: true,
        negatives: 24,
        choose: "hardest",
        minNegatives: 0,
        relativeMargin: "off",
        answerFilter: false,
        spareLmRanks: 0,
      },
    },
    trainRows: {
      "lm:query-adapter": {
        loss: "graded-distillation",
        teacherTemperature: 0.5,
        hardNegatives: "file",
        negatives: 24,
      },
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESET_TABLE;

export const PRESET_NAMES = ["aar", "aar-strict", "edge"] as const satisfies readonly PresetName[];

export const PRESETS: Readonly<Record<PresetName, Preset>> = PRESET_TABLE;
