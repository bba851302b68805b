import { InferenceSession, Tensor } from "onnxruntime-node";

/** Best times of one forward pass on one thread of this machine, and how many times the candidate is faster. */
export interface SpeedRatio {
  readonly tokens: number;
  readonly referenceMs: number;
  readonly candidateMs: number;
  readonly ratio: number;
}

export interface MeasureSpeedOptions {
  readonly reference: string;
  readonly candidate: string;
  readonly lengths: readonly number[];
  /** Timed passes of each model and length. Default 30. */
  readonly repetitions?: number;
}

const WARM_UP_PASSES = 3;

/** Times two models in turn, pass by pass, so that a change of the machine's load meets both; the best pass counts. */
export async function measureSpeed({
  reference,
  candidate,
  lengths,
  repetitions = 30,
}: MeasureSpeedOptions): Promise<SpeedRatio[]> {
  const sessions = [await createSession(reference), await createSession(candidate)] as const;
  const ratios: SpeedRatio[] = [];
  for (const tokens of lengths) {
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let pass = -WARM_UP_PASSES; pass < repetitions; pass += 1) {
      for (const [index, session] of sessions.entries()) {
        const elapsed = await timePass(session, tokens);
        best[index] = pass < 0 ? Number.POSITIVE_INFINITY : Math.min(best[index] ?? elapsed, elapsed);
      }
    }
    const [referenceMs = 0, candidateMs = 0] = best;
    ratios.push({ tokens, referenceMs, candidateMs, ratio: referenceMs / candidateMs });
  }
  await Promise.all(sessions.map((session) => session.release()));
  return ratios;
}

async function createSession(file: string): Promise<InferenceSession> {
  return await InferenceSession.create(file, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}

async function timePass(session: InferenceSession, tokens: number): Promise<number> {
  // What the ids are does not change the work; 1 is in every vocabulary.
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => [
      name,
      new Tensor("int64", new BigInt64Array(tokens).fill(name === "token_type_ids" ? 0n : 1n), [1, tokens]),
    ]),
  );
  const start = performance.now();
  await session.run(feeds);
  return performance.now() - start;
}
