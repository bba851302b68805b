import { z } from "zod";
import type { SemanticCacheSettings } from "../caching/cache-settings.ts";
import type { CacheStore } from "../caching/cache-store.ts";
import { cosine } from "../encoder/vector.ts";
import { fromBase64, toBase64 } from "../shared/base64.ts";

export interface SimilarQuestionsOptions {
  readonly settings: SemanticCacheSettings;
  readonly store: CacheStore;
  readonly ttlSeconds: number;
  readonly embed: (question: string) => Promise<Float32Array>;
}

/** Looks for a question that means the same among those asked in the same context, which `contextKey` names. */
export type SimilarQuestions = (
  contextKey: string,
  question: string,
) => Promise<{
  /** Key of its answer. */
  readonly nearest: string | undefined;
  /** Remembers this question with the key of its answer. */
  readonly add: (answerKey: string) => Promise<void>;
}>;

const entrySchema = z.object({ key: z.string(), numbers: z.string(), embedding: z.string() });
type Entry = z.infer<typeof entrySchema>;

/**
 * Questions by the cosine of their embeddings. One whose numbers are others is another question, however near it is: "in 2023"
 * and "in 2024" have nearly the same embedding. Two isolates that add at the same time may lose one of the two: it is asked
 * anew.
 */
export function createSimilarQuestions(options: SimilarQuestionsOptions): SimilarQuestions {
  const { settings, store, ttlSeconds, embed } = options;
  const read = async (contextKey: string): Promise<readonly Entry[]> => {
    const parsed = z.array(entrySchema).safeParse(JSON.parse((await store.get(contextKey)) ?? "[]"));
    return parsed.success ? parsed.data : [];
  };
  return async (contextKey, question) => {
    const [entries, embedding] = await Promise.all([read(contextKey), embed(question)]);
    const numbers = numbersOf(question);
    let nearest: string | undefined;
    let best = settings.threshold;
    for (const entry of entries) {
      const likeness = entry.numbers === numbers ? similarity(embedding, entry.embedding) : -1;
      if (likeness >= best) {
        best = likeness;
        nearest = entry.key;
      }
    }
    return {
      nearest,
      add: async (key) => {
        const others = (await read(contextKey)).filter((entry) => entry.key !== key);
        const kept = [...others, { key, numbers, embedding: toBase64(embedding) }].slice(-settings.entries);
        await store.put(contextKey, JSON.stringify(kept), ttlSeconds);
      },
    };
  };
}

function numbersOf(question: string): string {
  return (question.match(/\d+(?:[.,]\d+)*/gu) ?? []).join(" ");
}

/** -1 for one of another length: another encoder's. */
function similarity(embedding: Float32Array, base64: string): number {
  const other = fromBase64(base64);
  return other?.length === embedding.length ? cosine(embedding, other) : -1;
}
