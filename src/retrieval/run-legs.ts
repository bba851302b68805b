import { AppError, type ErrorCode, isUserError, toAppError } from "../shared/errors.ts";
import type { Leg, RetrievalLeg, RetrieveOutcome, RetrieveRequest, ScoredPassage } from "./types.ts";
import { withDeadline } from "./with-deadline.ts";

export interface RunLegsOptions {
  readonly legs: Readonly<Record<RetrievalLeg, Leg>>;
  readonly wanted: readonly RetrievalLeg[];
  readonly request: RetrieveRequest;
  /** Passages asked of each leg. */
  readonly depth: number;
  readonly deadlineMs: number;
}

export interface LegsOutcome {
  readonly runs: Readonly<Partial<Record<RetrievalLeg, readonly ScoredPassage[]>>>;
  readonly degraded: RetrieveOutcome["degraded"];
  readonly timings: Readonly<Record<string, number>>;
  readonly usage: RetrieveOutcome["usage"];
  readonly querySide: RetrieveOutcome["querySide"] | undefined;
}

/** Nobody waits for an answer any more, or somebody has to mend something. */
const LASTING: ReadonlySet<ErrorCode> = new Set(["aborted", "deadline_exceeded", "configuration_invalid"]);

type LegResult = Awaited<ReturnType<Leg["retrieve"]>>;
type Settled = { readonly leg: RetrievalLeg } & ({ readonly result: LegResult } | { readonly error: AppError });

/**
 * Runs the legs in parallel. A leg that fails while another answers is reported in `degraded`, unless the request fails
 * closed. What somebody has to mend (a filter, an encoder or an index that does not fit) and an abort are thrown as they
 * are: an answer without that leg would hide them.
 */
export async function runLegs(options: RunLegsOptions): Promise<LegsOutcome> {
  const settled = await Promise.all(options.wanted.map((leg) => settle(leg, options)));
  const answered = settled.filter((entry) => "result" in entry);
  const failed = settled.filter((entry) => "error" in entry);
  throwWhatMustNotDegrade(failed, {
    allFailed: answered.length === 0,
    failClosed: options.request.failClosed === true,
  });
  return {
    runs: Object.fromEntries(answered.map(({ leg, result }) => [leg, result.run])),
    degraded: failed.map(({ leg, error }) => ({ leg, reason: `${error.code}: ${error.message}` })),
    timings: Object.assign({}, ...answered.map(({ result }) => result.timings)),
    usage: {
      embedTokens: answered.reduce((sum, { result }) => sum + result.embedTokens, 0),
      vectorsQueried: answered.reduce((sum, { result }) => sum + result.vectorsQueried, 0),
    },
    querySide: answered.find(({ result }) => result.querySide !== undefined)?.result.querySide,
  };
}

async function settle(leg: RetrievalLeg, { legs, request, depth, deadlineMs }: RunLegsOptions): Promise<Settled> {
  const { query, collection, filter, querySide, model, caching, signal } = request;
  try {
    const result = await withDeadline(
      () =>
        legs[leg].retrieve({
          query,
          collection,
          depth,
          ...(filter === undefined ? {} : { filter }),
          ...(querySide === undefined ? {} : { querySide }),
          ...(model === undefined ? {} : { model }),
          ...(caching === undefined ? {} : { caching }),
          ...(signal === undefined ? {} : { signal }),
        }),
      { what: `the ${leg} leg`, deadlineMs, signal },
    );
    return { leg, result };
  } catch (error) {
    return { leg, error: toAppError(error) };
  }
}

function throwWhatMustNotDegrade(
  failed: readonly { readonly leg: RetrievalLeg; readonly error: AppError }[],
  { allFailed, failClosed }: { readonly allFailed: boolean; readonly failClosed: boolean },
): void {
  const [first] = failed;
  if (first === undefined) {
    return;
  }
  const lasting = failed.find(({ error }) => LASTING.has(error.code) || isUserError(error));
  if (lasting !== undefined) {
    throw lasting.error;
  }
  if (!allFailed && !failClosed) {
    return;
  }
  const reasons = failed.map(({ leg, error }) => `${leg}: ${error.message}`).join("; ");
  const advice = allFailed ? "" : '; the request asked to fail closed, on_error "degrade" answers from the other leg';
  throw new AppError("retrieval_failed", `retrieval failed (${reasons})${advice}`, {
    cause: failed.length === 1 ? first.error : new AggregateError(failed.map(({ error }) => error)),
    isRetryable: failed.every(({ error }) => error.isRetryable),
    details: { legs: failed.map(({ leg, error }) => ({ leg, code: error.code })) },
  });
}
