import { contrastive } from "./contrastive.ts";
import type { ContrastiveOptions } from "./contrastive.ts";
import { embeddingAlignment } from "./embedding-alignment.ts";
import type { EmbeddingAlignmentOptions } from "./embedding-alignment.ts";
import { gradedDistillation } from "./graded-distillation.ts";
import { klDistillation } from "./kl-distillation.ts";
import type { KlDistillationOptions } from "./kl-distillation.ts";
import type { Loss } from "./loss.ts";
import { marginMse } from "./margin-mse.ts";
import { sumMargLh } from "./sum-marg-lh.ts";

/** What a configuration may set; each loss reads its own. */
export type LossOptions = ContrastiveOptions & KlDistillationOptions & EmbeddingAlignmentOptions;

export type LossName = keyof typeof LOSSES;

/** Every loss by the name it has in a configuration; a new one is its own file and one line here. */
export const LOSSES = {
  contrastive,
  "sum-marg-lh": sumMargLh,
  "kl-distillation": klDistillation,
  "graded-distillation": gradedDistillation,
  "margin-mse": marginMse,
  "embedding-alignment": embeddingAlignment,
} as const satisfies Record<string, (options?: LossOptions) => Loss>;
