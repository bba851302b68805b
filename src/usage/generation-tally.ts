import { z } from "zod";
import { answerTokens, promptTokens } from "../generation/prompt-tokens.ts";
import type { GenerateRequest, GenerationEvent, TargetLm } from "../generation/target-lm.ts";
import { estimateTokens } from "../shared/estimate-tokens.ts";

const usageSchema = z.object({
  prompt_tokens: z.int().min(0).nullish(),
  completion_tokens: z.int().min(0).nullish(),
});

export interface GenerationTokens {
  readonly prompt: number;
  readonly completion: number;
  /** Whether the provider has counted them. */
  readonly isTold: boolean;
}

/** Tokens that one call of a target LM has taken, as the provider tells them, or else about. */
export class GenerationTally {
  /** Name of the target LM. */
  readonly target: string;
  readonly #promptEstimate: number;
  /** By choice: pieces cut through words would count more tokens than the whole text. */
  readonly #texts = new Map<number, string>();
  #hasAnswered = false;
  #isDropped = false;
  #told: z.infer<typeof usageSchema> = {};

  constructor(target: TargetLm, request: GenerateRequest) {
    this.target = target.name;
    this.#promptEstimate = estimatePrompt(target, request);
  }

  read(event: GenerationEvent): void {
    this.#hasAnswered = true;
    if (event.type === "text-delta") {
      this.#append(event.choice, event.text);
    } else if (event.type === "extra-delta") {
      // Tool calls and reasoning are written tokens too; their JSON is about as long as they are.
      this.#append(event.choice, JSON.stringify(event.delta));
    } else if (event.type === "usage") {
      const parsed = usageSchema.safeParse(event.usage);
      // Some servers send usage with every chunk, counted up: the last word counts.
      this.#told = parsed.success ? parsed.data : this.#told;
    }
  }

  /** The call counts for nothing, whatever it has said. */
  drop(): void {
    this.#isDropped = true;
  }

  /** A call that was refused, or got no answer at all, has taken nothing. */
  tokens(): GenerationTokens {
    if (!this.#hasAnswered || this.#isDropped) {
      return { prompt: 0, completion: 0, isTold: false };
    }
    const { prompt_tokens: prompt, completion_tokens: completion } = this.#told;
    const written = [...this.#texts.values()].reduce((sum, text) => sum + estimateTokens(text), 0);
    return {
      prompt: prompt ?? this.#promptEstimate,
      completion: completion ?? written,
      isTold: typeof prompt === "number" && typeof completion === "number",
    };
  }

  #append(choice: number, text: string): void {
    this.#texts.set(choice, (this.#texts.get(choice) ?? "") + text);
  }
}

/** What a call may take at most: its prompt, about, and the longest answer that it allows. */
export function mostTokens(
  target: TargetLm,
  request: GenerateRequest,
): { readonly prompt: number; readonly completion: number } {
  const { n } = request.parameters;
  const answers = typeof n === "number" && n >= 1 ? n : 1;
  return {
    prompt: estimatePrompt(target, request),
    completion: target.isGenerative ? answers * answerTokens(request.parameters, target.maxOutputTokens) : 0,
  };
}

function estimatePrompt({ passageFormat }: TargetLm, request: GenerateRequest): number {
  const { messages, parameters, passages, sourceCount } = request;
  const beside = passageFormat === "native" ? passages.slice(sourceCount) : [];
  return beside.reduce(
    (sum, { passage }) => sum + estimateTokens(`${passage.title}\n${passage.text}`),
    promptTokens({ messages, parameters, countTokens: estimateTokens }),
  );
}
