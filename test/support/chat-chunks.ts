import type { ChatCompletionChunk } from "openai/resources";

/** What our completions and first chunks carry beside OpenAI's fields. */
export interface Extensions {
  readonly retrieval?: { readonly passages: readonly { readonly id: string; readonly number: number }[] };
  readonly citations?: readonly string[];
}

interface DeltaExtensions {
  readonly annotations?: readonly {
    readonly index: number;
    readonly passage_id: string;
    readonly url_citation: { readonly start_index: number; readonly end_index: number; readonly url: string };
  }[];
}

/** A chunk as the official client yields it. */
export type Chunk = ChatCompletionChunk & Extensions;

/** The text of one choice. */
export function textOf(chunks: readonly Chunk[], index = 0): string {
  const choices = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
  return choices.map(({ delta }) => delta.content ?? "").join("");
}

/** Annotations of all choices, in order. */
export function annotationsOf(chunks: readonly Chunk[]): NonNullable<DeltaExtensions["annotations"]> {
  return chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => (delta as DeltaExtensions).annotations ?? []));
}
