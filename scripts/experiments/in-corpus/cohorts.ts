/** Training questions that compared conditions share. */
export interface Cohort {
  /** Every question has labels by these signals. */
  readonly signals: readonly string[];
}

/** Labels by gold answers are there for fewer questions than those by the questions alone, and people's for all. */
export const COHORTS = {
  free: { signals: ["query-likelihood"] },
  gold: { signals: ["likelihood-gain", "query-likelihood"] },
  every: { signals: ["likelihood-gain", "query-likelihood", "self-answer"] },
  "gold-alone": { signals: ["likelihood-gain"] },
  human: { signals: [] },
} as const satisfies Readonly<Record<string, Cohort>>;

export type CohortName = keyof typeof COHORTS;

export interface ChosenCohort {
  readonly name: CohortName;
  /** Questions at most, the first by a hash of their ids. */
  readonly questions: number | undefined;
}

/** For names of files and folders. */
export function cohortKey({ name, questions }: ChosenCohort): string {
  return questions === undefined ? name : `${name}-${questions}`;
}
