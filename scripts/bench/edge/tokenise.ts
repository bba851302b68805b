import { readFile } from "node:fs/promises";
import path from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { median, time } from "./statistics.ts";

const ENCODER = path.resolve(import.meta.dirname, "../../../src/assets/encoder");
const ROUNDS = 15;
/** Tokenises of each question in a round: some 50 ms. */
const TIMES = 500;

/** 16 tokens each, [CLS] and [SEP] included; the last two 15 and 17. */
const QUESTIONS = [
  "Which country has the longest coastline in South America, and how long?",
  "How many people live in the capital of Kazakhstan, in thousands today?",
  "Who was elected president of Uruguay in 2019, and by what margin?",
  "What does Norway export besides petroleum, natural gas, fish and metals?",
  "Which languages are official in Switzerland and in what order are they spoken?",
  "Does Liechtenstein have an airport, or how do visitors get there?",
  "When did Côte d'Ivoire become independent, and from which power?",
] as const;

/**
 * What tokenising takes of encoding a question of 16 tokens: microseconds of the tokeniser alone, of the library as it is, and of the
 * default encoder (tokenising included), all in Node, on one thread; medians of interleaved rounds. `load_ms`: making
 * the tokeniser from its file, which a cold start waits for beside the model.
 */
export async function benchTokenise(): Promise<Record<string, number>> {
  const file = await readFile(path.join(ENCODER, "tokenizer.json"), "utf8");
  const tokenizer = createTokenizer(JSON.parse(file));
  // The library reads what it needs of the file, and its own types want all of it.
  const library = new Tokenizer(JSON.parse(file) as ConstructorParameters<typeof Tokenizer>[0], {});
  const encoder = await loadEncoder(ENCODER);
  const samples: Record<"tokenise" | "library" | "encode" | "load", number[]> = {
    tokenise: [],
    library: [],
    encode: [],
    load: [],
  };
  for (let round = -1; round < ROUNDS; round += 1) {
    const took = {
      tokenise: await perQuestion(TIMES, (question) => tokenizer.encode(question, 256)),
      library: await perQuestion(TIMES, (question) => library.encode(question)),
      encode: await perQuestion(1, (question) => encoder.encodeQueries([question])),
      load: await time(async () => createTokenizer(JSON.parse(file))),
    };
    if (round >= 0) {
      samples.tokenise.push(took.tokenise);
      samples.library.push(took.library);
      samples.encode.push(took.encode);
      samples.load.push(took.load);
    }
  }
  const tokens = QUESTIONS.reduce((sum, question) => sum + tokenizer.encode(question, 256).length, 0);
  const [tokenise, encode] = [median(samples.tokenise), median(samples.encode)];
  return {
    tokens: tokens / QUESTIONS.length,
    tokenise_us: tokenise * 1000,
    library_us: median(samples.library) * 1000,
    encode_us: encode * 1000,
    tokenise_percent_of_encode: (tokenise / encode) * 100,
    load_ms: median(samples.load),
  };
}

/** Milliseconds of one question. */
async function perQuestion(times: number, run: (question: string) => unknown): Promise<number> {
  const elapsed = await time(async () => {
    for (let i = 0; i < times; i += 1) {
      for (const question of QUESTIONS) {
        await run(question);
      }
    }
  });
  return elapsed / (times * QUESTIONS.length);
}
