import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { SqlValue } from "./sql-database.ts";

export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface CompileFilterOptions {
  /** Column that holds the metadata's JSON. */
  readonly column: string;
  /** Number of the first parameter, `?<n>`. */
  readonly firstParam: number;
}

/** Compiles a parsed filter to a condition with the vector index's semantics. No filter: a condition that always holds. */
export function compileFilter(filter: VectorFilter | undefined, _options: CompileFilterOptions): SqlCondition {
  if (filter === undefined || Object.keys(filter).length === 0) {
    return { sql: "true", params: [] };
  }
  throw new Error("not yet");
}
