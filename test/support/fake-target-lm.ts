import type { GenerateRequest, GenerationEvent, TargetLm } from "../../src/generation/target-lm.ts";
import { abortError } from "../../src/shared/abort-error.ts";

export interface FakeTargetLmOptions extends Partial<Omit<TargetLm, "generate">> {
  /** What it says, in order; an Error is thrown at its place. Or a function of the request. Default: "answer". */
  readonly script?: FakeScript | ((request: GenerateRequest) => FakeScript);
}

export type FakeScript = readonly (GenerationEvent | string | Error)[];

/** A target LM that follows a script and remembers what it was asked. */
export interface FakeTargetLm extends TargetLm {
  readonly requests: GenerateRequest[];
  /** Times that a consumer left before the end. */
  readonly cancellations: () => number;
}

/** Strings of the script become text deltas of choice 0; `choice-end` and `end` are added when the script has none. */
export function fakeTargetLm({ script = ["answer"], ...overrides }: FakeTargetLmOptions = {}): FakeTargetLm {
  const requests: GenerateRequest[] = [];
  let cancellations = 0;
  return {
    name: "fake",
    provider: "fake",
    canStream: true,
    isGenerative: true,
    passageFormat: "prompt",
    contextWindow: 8_192,
    maxOutputTokens: 512,
    ...overrides,
    requests,
    cancellations: () => cancellations,
    async *generate(request, { signal }) {
      requests.push(request);
      let isFinished = false;
      try {
        const said = typeof script === "function" ? script(request) : script;
        for (const item of withEnding(said)) {
          await Promise.resolve();
          if (signal.aborted) {
            throw abortError(signal);
          }
          if (item instanceof Error) {
            isFinished = true;
            throw item;
          }
          isFinished = typeof item !== "string" && item.type === "end";
          yield typeof item === "string" ? { type: "text-delta", choice: 0, text: item } : item;
        }
      } finally {
        cancellations += isFinished ? 0 : 1;
      }
    },
  };
}

function withEnding(script: FakeScript): FakeScript {
  const types = script.map((item) => (typeof item === "string" || item instanceof Error ? "" : item.type));
  return [
    ...script,
    ...(types.includes("choice-end") ? [] : [{ type: "choice-end", choice: 0, finishReason: "stop" } as const]),
    ...(types.includes("end") ? [] : [{ type: "end", model: "fake-1" } as const]),
  ];
}
