import { toAppError } from "../../src/shared/errors.ts";
import type { CheckScope, DoctorCheck, DoctorContext, Finding, FindingStatus } from "./doctor-check.ts";

/** A finding, and which check it is of. */
export interface Diagnosis extends Finding {
  readonly check: string;
}

export interface ExamineOptions {
  readonly checks: readonly DoctorCheck[];
  readonly scopes: ReadonlySet<CheckScope>;
  readonly context: DoctorContext;
}

/**
 * Runs the checks of the scopes, each by itself: what one throws is its failure and nobody else's. A Worker that does not
 * answer is said once.
 */
export async function examine({ checks, scopes, context }: ExamineOptions): Promise<readonly Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  let isWorkerLost = false;
  for (const check of checks.filter(({ scope }) => scopes.has(scope))) {
    if (check.scope === "worker" && isWorkerLost) {
      continue;
    }
    const findings = await findingsOf(check, context);
    diagnoses.push(...findings.map((finding) => ({ check: check.name, ...finding })));
    isWorkerLost ||= check.name === "worker" && findings.some(({ status }) => status === "fail");
  }
  return diagnoses;
}

async function findingsOf(check: DoctorCheck, context: DoctorContext): Promise<readonly Finding[]> {
  try {
    return [await check.run(context)].flat();
  } catch (error) {
    const { message, code, cause } = toAppError(error);
    const reason = code === "internal" && cause instanceof Error ? cause.message : message;
    const [first = "", ...rest] = reason.split("\n");
    return [{ status: "fail", detail: first, ...(rest.length === 0 ? {} : { advice: rest.join(" ").trim() }) }];
  }
}

const MARKS: Readonly<Record<FindingStatus, string>> = { ok: "OK  ", warn: "WARN", fail: "FAIL" };

/** One line a finding, what to do below it. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[]): string {
  const width = Math.max(...diagnoses.map(({ check }) => check.length));
  return diagnoses
    .map(({ status, check, detail, advice }) => {
      const indent = " ".repeat(MARKS.ok.length + width + 4);
      return `${MARKS[status]}  ${check.padEnd(width)}  ${detail}${advice === undefined ? "" : `\n${indent}-> ${advice}`}`;
    })
    .join("\n");
}
