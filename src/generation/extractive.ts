import { abortError } from "../shared/abort-error.ts";
import { AppError } from "../shared/errors.ts";
import { candidateSentences, encodedPassage, type CandidateSentence } from "./extractive/candidate-sentences.ts";
import { questionFacets } from "./extractive/question-facets.ts";
import { selectSentences } from "./extractive/select-sentences.ts";
import type { TargetLmConfiguration } from "./target-lm-configuration.ts";
import type { GenerateRequest, GenerationEvent, TargetLm, TargetLmDependencies } from "./target-lm.ts";

/** Sentences of an answer beyond one for each thing that is asked for. */
const MAX_FURTHER_SENTENCES = 2;
/** Characters of a quotation; enumerations can be endless. */
const MAX_QUOTE_CHARACTERS = 600;

const NO_PASSAGES = "No passages were retrieved for this question, and this model answers from passages only.";
const NOT_FOUND = "The retrieved passages do not seem to answer this question.";

/**
 * Answers with sentences of the passages, quoted and cited: no language model, no key, no network. What a fresh clone
 * answers with. It cannot reason, count or rephrase, and says so when nothing is relevant enough.
 */
export function createExtractive(
  name: string,
  { provider, contextWindow, maxOutputTokens }: TargetLmConfiguration<"extractive">,
  { encoder }: TargetLmDependencies,
): TargetLm {
  return {
    name,
    provider,
    canStream: true,
    isGenerative: false,
    passageFormat: "prompt",
    // Passages are read one by one: there is no context to overflow.
    contextWindow: contextWindow ?? Number.MAX_SAFE_INTEGER,
    maxOutputTokens: maxOutputTokens ?? 1_024,
    generate: (request, { signal }) => extract(name, request, { encoder, signal }),
  };
}

interface ExtractOptions {
  readonly encoder: TargetLmDependencies["encoder"];
  readonly signal: AbortSignal;
}

async function* extract(
  name: string,
  { query, passages, parameters }: GenerateRequest,
  { encoder, signal }: ExtractOptions,
): AsyncGenerator<GenerationEvent, void, void> {
  if (typeof parameters["n"] === "number" && parameters["n"] > 1) {
    throw new AppError("invalid_request", `model "${name}" has one answer to a question, not n`, {
      details: { param: "n" },
    });
  }
  // A joined query has the question that is to be answered in its last line, and what it leans on before.
  const lines = query.split("\n");
  const facets = questionFacets(lines.at(-1) ?? "", lines.slice(0, -1));
  const candidates = candidateSentences(passages, facets);
  let tokenCount = 0;
  let chosen: readonly CandidateSentence[] = [];
  if (candidates.length > 0) {
    const model = await encoder();
    assertWanted(signal);
    const [questions, sentences] = await Promise.all([
      model.encodeQueries(facets.map(({ standalone }) => standalone)),
      model.encodePassages(candidates.map(encodedPassage)),
    ]);
    tokenCount = questions.tokenCount + sentences.tokenCount;
    chosen = selectSentences(
      candidates.flatMap((candidate, index) => {
        const embedding = sentences.embeddings[index];
        return embedding === undefined ? [] : [{ candidate, embedding }];
      }),
      { facetEmbeddings: questions.embeddings, maxSentences: facets.length + MAX_FURTHER_SENTENCES },
    );
  }
  assertWanted(signal);
  const pieces = chosen.length > 0 ? chosen.map(quotation) : [candidates.length === 0 ? NO_PASSAGES : NOT_FOUND];
  for (const [index, text] of pieces.entries()) {
    yield { type: "text-delta", choice: 0, text: index === 0 ? text : `\n${text}` };
  }
  yield { type: "choice-end", choice: 0, finishReason: "stop" };
  yield {
    type: "usage",
    usage: { prompt_tokens: tokenCount, completion_tokens: 0, total_tokens: tokenCount },
  };
  yield { type: "end", model: name };
}

function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw abortError(signal);
  }
}

/** The sentence as it stands, with its subject before it when it does not say what it is about. */
function quotation({ text, subject, passageNumber }: CandidateSentence): string {
  const quote = text.length <= MAX_QUOTE_CHARACTERS ? text : `${beginning(text)} …`;
  return `${subject === "" ? "" : `${subject}: `}${quote} [${passageNumber}]`;
}

/** Whole words, unless there are no spaces near the bound, as in Chinese; then whole characters. */
function beginning(text: string): string {
  const space = text.lastIndexOf(" ", MAX_QUOTE_CHARACTERS);
  return space > MAX_QUOTE_CHARACTERS / 2
    ? text.slice(0, space)
    : text.slice(0, MAX_QUOTE_CHARACTERS).replace(/\p{Surrogate}$/u, "");
}
