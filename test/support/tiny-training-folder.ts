import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { sha256File } from "../../training/artifacts/meta.ts";
import { writeTrainingExamples } from "../../training/artifacts/training-examples.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { encodeCorpus } from "../../training/indexing/encode-corpus.ts";
import { silentProgress } from "./silent-progress.ts";
import { tinyTokenizerJson } from "./tiny-tokenizer.ts";
import { TRAINING_FIXTURE_MODEL } from "./training-fixture.ts";

/** Passage i says `p{i}`; questions about it say `q{i}`, a word that no passage has. */
const TOPICS = 14;

const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/** The model has 48 rows for tokens; one more than there are words here. */
const WORDS = Array.from({ length: TOPICS }, (_, topic) => [`p${topic}`, `q${topic}`]).flat();

export interface TinyTrainingFolder {
  /** An fp32 encoder folder without a manifest. */
  readonly encoder: string;
  readonly corpus: string;
  readonly vectors: string;
  readonly train: string;
  readonly dev: string;
}

/** Everything that `aar train` reads, around the fixture's random encoder of 16 dimensions. */
export async function tinyTrainingFolder(folder: string): Promise<TinyTrainingFolder> {
  const encoder = path.join(folder, "tiny");
  await tinyEncoderFolder(encoder, WORDS);
  const corpus = path.join(folder, "corpus.jsonl");
  const passages = Array.from({ length: TOPICS }, (_, topic) => ({
    _id: `d${topic}`,
    title: "",
    text: `p${topic} p0`,
  }));
  await writeFile(corpus, passages.map((passage) => `${JSON.stringify(passage)}\n`).join(""));
  const vectors = path.join(folder, "vectors");
  await encodeCorpus({ corpus, output: vectors, encoder: await loadEncoder(encoder), progress: silentProgress });
  const inputs = { corpus: await sha256File(corpus), queries: "none" };
  const write = async (name: string, texts: readonly string[]): Promise<string> => {
    const examples = texts.map((query, index) => ({
      queryId: `${name}-${index}`,
      query,
      positives: [{ passageId: `d${index % TOPICS}`, from: ["human"] }],
      hardNegatives: [`d${(index + 1) % TOPICS}`, `d${(index + 2) % TOPICS}`],
    }));
    await writeTrainingExamples(path.join(folder, `${name}.jsonl`), { examples, inputs, options: {} });
    return path.join(folder, `${name}.jsonl`);
  };
  const topics = Array.from({ length: TOPICS }, (_, topic) => `q${topic}`);
  return {
    encoder,
    corpus,
    vectors,
    train: await write("train", [...topics.map((word) => `${word} ${word}`), ...topics.map((word) => `q0 ${word}`)]),
    dev: await write("dev", topics),
  };
}

/** A new folder with the fixture's random encoder and a tokeniser of these words, without a manifest. */
export async function tinyEncoderFolder(folder: string, words: readonly string[]): Promise<void> {
  await mkdir(folder);
  await copyFile(TRAINING_FIXTURE_MODEL, path.join(folder, "model.onnx"));
  await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tokenizer(words)));
}

/** A tokeniser of whole words. A word beyond the model's rows: give `extra`. */
export function tokenizer(words: readonly string[]): unknown {
  const vocab = Object.fromEntries([...SPECIAL_TOKENS, ...words].map((token, id) => [token, id]));
  const base = tinyTokenizerJson();
  return { ...base, model: { ...(base["model"] as object), vocab } }; // an object literal over there
}
