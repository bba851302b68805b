import type { Command } from "../define-command.ts";

/** A command by name: the line of the list, and the file that is loaded only when the command is called. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command of the CLI. A new one is its own file and one entry here; loading is lazy so that `--help` is instant. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  encode: {
    summary: "corpus.jsonl -> passage vectors, in shards, resumable",
    load: async () => (await import("./encode.ts")).encodeCommand,
  },
  index: {
    summary: "vectors + corpus -> SQLite, vectors.ndjson parts for Vectorize, SQL parts for D1",
    load: async () => (await import("./index.ts")).indexCommand,
  },
  upload: {
    summary: "vectors + corpus -> a Worker's collection, local or production, resumable",
    load: async () => (await import("./upload.ts")).uploadCommand,
  },
  keys: {
    summary: "API keys of a Worker: list, create, change, rotate, revoke",
    load: async () => (await import("./keys.ts")).keysCommand,
  },
  export: {
    summary: "a Worker's collection -> a folder: text, metadata, vectors, documents, checksums; resumable",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  import: {
    summary: "a folder of `export` -> a Worker's collection, checked before and after; resumable",
    load: async () => (await import("./import.ts")).importCommand,
  },
  doctor: {
    summary: "is everything as it should be: configuration, fingerprints, counts, limits; local or production",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
  deploy: {
    summary: "everything that production needs, made in order and checked; run again, it goes on",
    load: async () => (await import("./deploy.ts")).deployCommand,
  },
  adapters: {
    summary: "query adapters of a Worker's collection: list, load, use, delete, compare in the shadow",
    load: async () => (await import("./adapters.ts")).adaptersCommand,
  },
  feedback: {
    summary: "what readers said of passages and answers -> queries.jsonl and qrels.tsv for the next adaptation",
    load: async () => (await import("./feedback.ts")).feedbackCommand,
  },
  search: {
    summary: "search a BEIR-style folder: one query, or a file of queries to a TREC run",
    load: async () => (await import("./search.ts")).searchCommand,
  },
  score: {
    summary: "a frozen LM says which passages help it: lm-scores.jsonl, resumable",
    load: async () => (await import("./score.ts")).scoreCommand,
  },
  train: {
    summary: "train.jsonl -> a query adapter or an encoder, resumable",
    load: async () => (await import("./train.ts")).trainCommand,
  },
  evaluate: {
    summary: "retrieval measures of an encoder on a BEIR-style folder",
    load: async () => (await import("./evaluate.ts")).evaluateCommand,
  },
  answer: {
    summary: "let a target LM answer a set's questions from a run's passages, and score the answers",
    load: async () => (await import("./answer.ts")).answerCommand,
  },
  split: {
    summary: "cut a set's questions into train, dev and test by hashes, into a folder of their own",
    load: async () => (await import("./split.ts")).splitCommand,
  },
  synthesize: {
    summary: "questions for passages by an LM, kept when their own passage comes back first",
    load: async () => (await import("./synthesize.ts")).synthesizeCommand,
  },
  mine: {
    summary: "first-stage candidates of training questions, as a TREC run",
    load: async () => (await import("./mine.ts")).mineCommand,
  },
  build: {
    summary: "judgments and LM preferences -> train.jsonl and dev.jsonl, with filtered hard negatives",
    load: async () => (await import("./build.ts")).buildCommand,
  },
  "fit-fusion": {
    summary: "fit how hybrid retrieval joins its legs, on a split that is not the test",
    load: async () => (await import("./fit-fusion.ts")).fitFusionCommand,
  },
  quantize: {
    summary: "fp32 ONNX encoder -> int8 encoder with a manifest and a parity report",
    load: async () => (await import("./quantize.ts")).quantizeCommand,
  },
  inspect: {
    summary: "an ONNX file: inputs, operators, parameters, what has a derivative rule, the compiled backward graph",
    load: async () => (await import("./inspect.ts")).inspectCommand,
  },
  adapt: {
    summary: "all stages from one experiment file: mine, score, build, train, evaluate, report; resumable",
    load: async () => (await import("./adapt.ts")).adaptCommand,
  },
  reproduce: {
    summary: "check the shipped encoders and adapters against the values they are known to reach",
    load: async () => (await import("./reproduce.ts")).reproduceCommand,
  },
  report: {
    summary: "one page from an experiment's artifacts: tables, tests, plots, examples, costs",
    load: async () => (await import("./report.ts")).reportCommand,
  },
};
