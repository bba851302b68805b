import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { defineCommand } from "../define-command.ts";

export const fitFusionCommand = defineCommand({
  summary: "in the making",
  options: z.strictObject({
    data: z.string().meta({ description: "BEIR-style folder", placeholder: "dir" }),
    topK: z.int().min(1).max(1000).default(100).meta({ description: "passages a query" }),
    mode: z.enum(["dense", "lexical"]).default("dense").describe("retrieval mode"),
    json: z.boolean().default(false).describe("print JSON"),
  }),
  run(): Promise<void> {
    throw new AppError("internal", "not there yet");
  },
});
