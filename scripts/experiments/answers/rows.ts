/** How passages are found for the LM. */
export interface AnswerRow {
  readonly name: string;
  /** `none`: without passages. `lexical`: the Worker's full-text search. `dense`: by the encoder, exactly. `hybrid`: both, by the default fusion. */
  readonly retrieval: "none" | "lexical" | "dense" | "hybrid";
  /** Of a dense row: a query adapter's file, or a query encoder's folder; the base when absent. */
  readonly trained?: string;
}

/** What trained rows are compared with. */
export const BASE = "base";
export const HUMAN = "human";

const UNTRAINED: readonly AnswerRow[] = [
  { name: "none", retrieval: "none" },
  { name: "bm25", retrieval: "lexical" },
  { name: "hybrid", retrieval: "hybrid" },
  { name: BASE, retrieval: "dense" },
];

/** Rows of a set: those that need no training, and the given `NAME=FILE`. Throws for a malformed or repeated one. */
export function rowsOf(given: readonly string[]): AnswerRow[] {
  const rows = [...UNTRAINED];
  for (const text of given) {
    const [, name, trained] = /^([^=]+)=(.+)$/u.exec(text) ?? [];
    if (name === undefined || trained === undefined || rows.some((row) => row.name === name)) {
      throw new Error(
        `--row ${text}: expected NAME=FILE, of a name that is not yet there (${rows.map((row) => row.name).join(", ")})`,
      );
    }
    rows.push({ name, retrieval: "dense", trained });
  }
  return rows;
}

/** Whether a row was given, and is not one of those that are always there. */
export function isTrained(name: string): boolean {
  return UNTRAINED.every((row) => row.name !== name);
}
