"""Writes test/fixtures/tokenizer/bert-options.json: how Hugging Face's Rust tokenizers cuts texts into words under every combination of
BertNormalizer's options. Texts are those of bert-uncased.json that not every combination cuts alike, and some more.

    python scripts/make-tokenizer-options-fixture.py"""

import itertools
import json
import pathlib
import unicodedata

import tokenizers

FOLDER = pathlib.Path(__file__).parent.parent / "test/fixtures/tokenizer"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# White space and its neighbours, which only show where the text is not cleaned.
MORE = ["a\u0085b", "\u0085a", "a\ufeffb", "\ufeffa", "a\u180eb", "a\u2028b", "a\u001cb", "a\u000bb", "\U00020000x"]
# Characters newer than the Rust library's tables of punctuation and marks: see tokenizer.ts.
LEFT_OUT = ["random unicode", "random"]


def forms(text):
    lowered = "".join(character.lower() for character in text)
    for form in (text, lowered, text.lower()):
        yield form
        yield unicodedata.normalize("NFD", form)
        yield unicodedata.normalize("NFD", form).lower()


def build(normalizer, characters):
    tokens = SPECIAL + [prefix + character for character in characters for prefix in ("", "##")]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", **normalizer},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: number for number, token in enumerate(tokens)},
        },
    }


golden = json.loads((FOLDER / "bert-uncased.json").read_text("utf-8"))
texts = [entry["text"] for entry in golden["texts"] if entry["category"] not in LEFT_OUT and len(entry["text"]) < 40] + MORE
combinations = [
    {"clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": strip, "lowercase": lower}
    for clean, chinese, strip, lower in itertools.product([True, False], [True, False], [None, True, False], [True, False])
]
characters = sorted({character for text in texts for form in forms(text) for character in form})
models = [tokenizers.Tokenizer.from_str(json.dumps(build(options, characters))) for options in combinations]


def words(model, text):
    return " ".join(model.encode(text, add_special_tokens=False).tokens).replace(" ##", "")


rows = []
for text in texts:
    cuts = [words(model, text) for model in models]
    if len(set(cuts)) > 1 and not any("[UNK]" in cut for cut in cuts):
        # By cut, the numbers of the combinations that give it.
        rows.append({"text": text, "cuts": {cut: [i for i, other in enumerate(cuts) if other == cut] for cut in dict.fromkeys(cuts)}})
used = "".join(sorted({character for row in rows for form in [row["text"], *row["cuts"]] for character in form}))
parts = {
    "generator": f"Hugging Face tokenizers {tokenizers.__version__} (Rust)",
    "characters": used,
    "combinations": combinations,
}
head = ",\n".join(f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False)}" for key, value in parts.items())
body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
(FOLDER / "bert-options.json").write_text(f'{{{head},\n"texts":[\n{body}\n]}}\n', "utf-8")
print(len(rows), "texts,", len(used), "characters")
