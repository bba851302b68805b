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
      "ours: query side only, likelihood gain of any causal LM, K=1 with g > 0, filtered negatives, hybrid first stage",
    conditions: ["human", "lm", "both"],
    modes: ["query-adapter", "query-encoder"],
    mine: { mode: "hybrid", depth: 100 },
    score: { signal: "likelihood-gain", depth: 10 },
    build: { lmPositives: 1, scoreDepth: 10 }, // one is better than two here, and the rest are the command's own defaults
    train: {},
    trainModes: {},
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESET_TABLE;

export const PRESET_NAMES = ["aar", "aar-strict", "edge"] as const satisfies readonly PresetName[];

export const PRESETS: Readonly<Record<PresetName, Preset>> = PRESET_TABLE;
