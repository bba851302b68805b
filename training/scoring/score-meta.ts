import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { LM_SCORES_VERSION } from "../artifacts/lm-scores.ts";
import { metaPath, sha256File, sha256Hex, writeMeta } from "../artifacts/meta.ts";
import type { AnswerPrompt } from "./answer-prompts.ts";
import { fidSegment } from "./fid/fid-attention.ts";
import type { FidSignal } from "./fid/fid-attention.ts";
import type { Signal } from "./signal.ts";
import type { SourceLm } from "./source-lm.ts";

/** What the labels of one signal were made with; labels of two makings do not mix in a file. */
const makingSchema = z.looseObject({
  /** For people. */
  lm: z.string(),
  lmFingerprint: z.string(),
  prompt: z.string(),
  promptFingerprint: z.string(),
  maxPassageTokens: z.int(),
  /** Of an LM in int8, with itself in fp32. */
  parity: z.looseObject({ rankCorrelation: z.number() }).optional(),
});
export type SignalMaking = Readonly<z.infer<typeof makingSchema>>;

const metaSchema = z.looseObject({
  schemaVersion: z.literal(LM_SCORES_VERSION),
  inputs: z.looseObject({ corpus: z.string(), queries: z.string() }),
  facts: z.looseObject({ signals: z.record(z.string(), makingSchema) }),
});

/** Texts that labels belong to, by their sha256. */
export interface LabelledTexts {
  readonly corpus: string;
  readonly queries: string;
}

export async function hashLabelledTexts(data: string): Promise<LabelledTexts> {
  return {
    corpus: await sha256File(path.join(data, "corpus.jsonl")),
    queries: await sha256File(path.join(data, "queries.jsonl")),
  };
}

export interface ClaimScoresOptions {
  readonly texts: LabelledTexts;
  readonly signal: string;
  readonly making: SignalMaking;
  /** For the meta file. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Checks that a scores file may take labels of this making, and writes so into its meta file, before the first label.
 * @throws AppError `fingerprint_mismatch` when it holds labels of other texts, of another LM or of another prompt.
 */
export async function claimScores(file: string, { texts, signal, making, options }: ClaimScoresOptions): Promise<void> {
  const found = await readScoresMeta(file);
  if (found === undefined && existsSync(file) && (await stat(file)).size > 0) {
    throw new AppError(
      "fingerprint_mismatch",
      `${file} has labels but no ${path.basename(metaPath(file))} that says of which corpus; choose another --output`,
    );
  }
  for (const name of ["corpus", "queries"] as const) {
    refuseOther(file, { what: `the ${name}`, found: found?.inputs[name], expected: texts[name] });
  }
  const before = found?.facts.signals[signal];
  for (const name of ["lmFingerprint", "promptFingerprint", "maxPassageTokens"] as const) {
    refuseOther(file, { what: `${signal}: ${name}`, found: before?.[name], expected: making[name] });
  }
  await writeMeta(file, {
    stage: "score",
    schemaVersion: LM_SCORES_VERSION,
    options,
    inputs: { ...texts },
    facts: { ...found?.facts, signals: { ...found?.facts.signals, [signal]: { ...before, ...making } } },
  });
}

/**
 * Checks that a scores file was made over this corpus; one without a meta file, of another tool, passes.
 * @throws AppError `fingerprint_mismatch` when it was made over another one.
 */
export async function checkScoresOfCorpus(file: string, corpusSha256: string): Promise<void> {
  const found = await readScoresMeta(file);
  refuseOther(file, { what: "the corpus", found: found?.inputs.corpus, expected: corpusSha256 });
}

/** What the labels of a signal in a file were made with; undefined when it has none. */
export async function readMaking(file: string, signal: string): Promise<SignalMaking | undefined> {
  return (await readScoresMeta(file))?.facts.signals[signal];
}

/** What a meta file says; undefined when there is none. Throws AppError `invalid_artifact` when it does not parse. */
async function readScoresMeta(file: string): Promise<z.infer<typeof metaSchema> | undefined> {
  const meta = metaPath(file);
  if (!existsSync(meta)) {
    return undefined;
  }
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(meta, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${meta}: not JSON`, { cause });
  }
  const parsed = metaSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${meta}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** sha256 of all that a signal asks of an LM by a prompt, whatever the LM's own template: a word changed is another hash. */
export async function promptFingerprint(signal: Signal | FidSignal, prompt: AnswerPrompt): Promise<string> {
  if (signal.kind === "encoder-decoder") {
    return sha256Hex(fidSegment("question", "text")); // it has one way to ask
  }
  const asked: unknown[] = [];
  const lm: SourceLm = {
    name: "",
    fingerprint: "",
    chatPrompt: async (messages) => await Promise.resolve(JSON.stringify(messages)),
    truncate: async (text) => await Promise.resolve(text),
    async answerLogProbs({ prompt: text, answer }) {
      asked.push({ prompt: text, answer });
      return await Promise.resolve(Float64Array.of(-1));
    },
    async generate(text) {
      asked.push(text);
      return await Promise.resolve("generated");
    },
    tokens: () => 0,
    close: async () => await Promise.resolve(),
  };
  const query = { id: "query", text: "question", answers: ["answer"], choices: ["answer", "other"] };
  const passages = [
    { id: "titled", title: "title", text: "text" },
    { id: "untitled", title: "", text: "text" },
  ];
  await signal.score({ query, passages }, { lm, prompt, maxPassageTokens: 1 });
  return sha256Hex(JSON.stringify(asked));
}

interface OtherCheck {
  readonly what: string;
  readonly found: string | number | undefined;
  readonly expected: string | number;
}

function refuseOther(file: string, { what, found, expected }: OtherCheck): void {
  if (found !== undefined && found !== expected) {
    throw new AppError(
      "fingerprint_mismatch",
      `${file} holds labels of another making: ${what} was ${found}, now is ${expected}; choose another --output`,
    );
  }
}
