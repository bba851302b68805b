import { z } from "zod";

/** Flags of the commands that learn from questions. */
export const questionFlags = {
  data: z.string().meta({
    placeholder: "dir",
    description: "corpus.jsonl, queries.jsonl and, if there are judgments, qrels.tsv or qrels/<split>.tsv",
  }),
  split: z
    .string()
    .default("train")
    .meta({ placeholder: "name", description: "questions to use; a log without splits is used whole" }),
  limit: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "at most so many questions, by a hash of their ids: fewer are a part of more" }),
  seed: z.int().min(0).default(0).meta({ description: "of everything random" }),
  heldOut: z
    .array(z.string())
    .default([])
    .meta({ placeholder: "list", description: "what an experiment keeps for its tests: set or set:split; refused" }),
  allowTestSplit: z
    .boolean()
    .default(false)
    .describe("use a split named test; only of a set that has no other and is not reported on"),
} as const;
