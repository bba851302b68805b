import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "vitest";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { sharedFolder } from "../support/shared-folder.ts";

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
}

const TOKENIZER = path.resolve(import.meta.dirname, "../../src/assets/encoder/tokenizer.json");
const shared = sharedFolder("fixtures/minilm/tokenizer.json.gz");

test.skipIf(shared === undefined)(
  "ids of Hugging Face's Rust tokenizers, long passages, every maximum length",
  ({ expect }) => {
    const bert = createTokenizer(JSON.parse(readFileSync(TOKENIZER, "utf8")));
    const file = path.join(shared ?? "", "fixtures/minilm/tokenizer.json.gz");
    const goldens = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as {
      passages: readonly Golden[];
      truncated: readonly (Golden & { max_length: number })[];
    };
    const encoded = goldens.passages.map(({ text }) => bert.encode(text, Infinity));
    expect(encoded).toEqual(goldens.passages.map(({ ids }) => ids));
    const singles = goldens.truncated.filter(({ text }) => text !== undefined);
    expect(singles.map(({ text, max_length: maxLength }) => bert.encode(text, maxLength))).toEqual(
      singles.map(({ ids }) => ids),
    );
  },
);
