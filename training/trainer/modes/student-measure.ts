import type { Encoder } from "../../../src/encoder/encoder.ts";
import { cosine } from "../../../src/encoder/vector.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { PlainText } from "../../artifacts/plain-texts.ts";
import { loadVectorSet } from "../../artifacts/vector-set.ts";
import { ProductSearch } from "../../eval/product-search.ts";
import { DEV_MEASURE, devScore, devSource, loadDevSet } from "../dev-set.ts";
import type { DevSource } from "../dev-set.ts";
import type { RunContext } from "../prepared-run.ts";
import { requireOption } from "../require-option.ts";
import { tokenize } from "../token-feeds.ts";
import type { TokenizeOptions, TokenRows } from "../token-feeds.ts";
import type { TrainingOptions } from "../training-options.ts";
import { checkVectors, devDigest, encodeQueries } from "./frozen-passages.ts";

/** How a student is watched and selected. */
export interface StudentMeasure {
  readonly name: string;
  /** Texts to train on: those that nothing is measured on. */
  readonly trained: readonly PlainText[];
  /** Higher is better; `embed` is the student at the present weights. */
  score(embed: (texts: TokenRows) => Promise<readonly Float32Array[]>): Promise<number>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface StudentMeasureOptions {
  readonly context: RunContext;
  readonly teacher: Encoder;
  readonly texts: readonly PlainText[];
  readonly reading: TokenizeOptions;
}

/**
 * With dev questions: how well the student finds their passages among the teacher's `--vectors`. Without: how near it is to the
 * teacher on texts that are held out.
 */
export async function studentMeasure(given: StudentMeasureOptions): Promise<StudentMeasure> {
  const source = devSource(given.context.options);
  return source === undefined ? await likeness(given) : await retrieval(source, given);
}

async function retrieval(
  source: DevSource,
  { context, teacher, texts, reading }: StudentMeasureOptions,
): Promise<StudentMeasure> {
  const { options, threads, log } = context;
  const vectors = await loadVectorSet(requireOption(options, "vectors"));
  checkVectors(vectors, teacher);
  const { ids: passageIds, matrix, facts } = vectors;
  const set = await loadDevSet({ source, passageIds, limit: options.devQueries, warn: log });
  const tokens = tokenize(set.queries, reading);
  const search = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
  return {
    name: DEV_MEASURE,
    trained: texts,
    score: async (embed) => await devScore({ set, queryVectors: await embed(tokens), search, passageIds }),
    inputs: { ...(await devDigest(options)), vectors: facts.vectorsSha256 },
    facts: { devQuestions: set.queries.length, passages: passageIds.length },
    close: async () => {
      await search.close();
    },
  };
}

/** Of the texts, held out to measure on. */
const HELD_OUT_SHARE = 0.1;

async function likeness({ context, teacher, texts, reading }: StudentMeasureOptions): Promise<StudentMeasure> {
  const { heldOut, trained } = holdOut(texts, context.options);
  const targets = await encodeQueries(heldOut, { ...context, encoder: teacher });
  const tokens = tokenize(heldOut, reading);
  return {
    name: "cosine to the teacher",
    trained,
    score: async (embed) => {
      const embeddings = await embed(tokens);
      const cosines = embeddings.map((vector, text) => cosine(vector, targets[text] ?? new Float32Array(0)));
      return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    },
    inputs: {},
    facts: { heldOutTexts: heldOut.length },
    close: () => Promise.resolve(),
  };
}

/** The first tenth of the texts, at most `devQueries`, and the rest. */
function holdOut(
  texts: readonly PlainText[],
  { devQueries }: TrainingOptions,
): { readonly trained: readonly PlainText[]; readonly heldOut: readonly PlainText[] } {
  const count = Math.min(devQueries, Math.ceil(HELD_OUT_SHARE * texts.length));
  if (count === texts.length) {
    throw new AppError(
      "invalid_request",
      "one text is too few to train and measure on; give more, or a larger --max-texts",
    );
  }
  return { heldOut: texts.slice(0, count), trained: texts.slice(count) };
}
