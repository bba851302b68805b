import type { PerQueryScores } from "../eval/per-query-scores.ts";

/** A system that was evaluated: a row of the tables. */
export interface ReportRow {
  /** Short: "BM25", "LM only, query adapter". */
  readonly name: string;
  /** Retrieval measures by query; undefined for the row without retrieval. */
  readonly retrieval?: PerQueryScores | undefined;
  /** The same of its vectors joined with full text, as the Worker searches by default. */
  readonly hybrid?: PerQueryScores | undefined;
  /** Answer measures by query, where a target LM answered. */
  readonly answers?: PerQueryScores | undefined;
}

/** One set of questions on which all rows were evaluated. */
export interface ReportSet {
  readonly name: string;
  /** "test" or "dev": what it was used for. */
  readonly role: string;
  readonly rows: readonly ReportRow[];
  /** Row that the others are compared to. */
  readonly base: string;
  readonly questions: readonly ReportQuestion[];
  readonly examples: readonly ReportExample[];
}

export interface ReportQuestion {
  readonly id: string;
  readonly text: string;
  readonly popularity?: number | undefined;
}

export interface ReportPassage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly isRelevant: boolean;
}

/** A question whose score changed, with the best passages of both rows. */
export interface ReportExample {
  readonly question: string;
  readonly answers: readonly string[];
  readonly row: string;
  readonly measure: string;
  readonly baseScore: number;
  readonly score: number;
  readonly basePassages: readonly ReportPassage[];
  readonly passages: readonly ReportPassage[];
}

/** What a trainer wrote step by step. */
export interface ReportTraining {
  readonly row: string;
  readonly losses: readonly { readonly step: number; readonly value: number }[];
  readonly devScores: readonly { readonly step: number; readonly value: number }[];
  readonly devMeasure: string;
}

/** Labels of a source LM under one signal. */
export interface ReportLabels {
  readonly signal: string;
  /** Scores of the human positives among the labelled passages, and of all others. */
  readonly humanPositives: readonly number[];
  readonly others: readonly number[];
  /** Facts in words and numbers: "questions" -> "500". */
  readonly facts: Readonly<Record<string, string>>;
}

/** How much two sets of positives share, averaged over queries. */
export interface ReportOverlap {
  readonly a: string;
  readonly b: string;
  readonly jaccard: number;
  readonly queries: number;
}

/** What a stage did and what it cost. */
export interface ReportStage {
  readonly id: string;
  readonly seconds: number;
  /** Through LMs, prompt and answer; 0 where none was asked. */
  readonly tokens: number;
  /** As a person would type it. */
  readonly commandLine: string;
  /** sha256 by name. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** All that a report shows. No time of day: the same artifacts give the same bytes. */
export interface ReportData {
  readonly title: string;
  /** The one command that makes it again. */
  readonly command: string;
  readonly preset: string;
  readonly seed: number;
  /** The experiment file as it was. */
  readonly experiment: string;
  /** Measures of the main table; the first is the one that differences and plots are about. */
  readonly measures: readonly string[];
  readonly answerMeasures: readonly string[];
  readonly sets: readonly ReportSet[];
  readonly training: readonly ReportTraining[];
  readonly labels: readonly ReportLabels[];
  readonly overlaps: readonly ReportOverlap[];
  readonly stages: readonly ReportStage[];
  /** What a reader has to know before believing the numbers. */
  readonly notes: readonly string[];
}
