"""Makes test/fixtures/lm: a tiny random Llama as `export_lm.py` exports it, and what PyTorch says of token sequences under it.

usage: python scripts/make-cached-lm-fixture.py [OUT_DIR]

Needs torch, transformers, onnx and onnxruntime; seconds. The tests that read the fixture need none of them. Four heads share two keys,
and weights are drawn wide, so that log-probabilities differ by nats and not by rounding.
"""

import gzip
import json
import os
import sys
import tempfile

import torch
from export_lm import export
from transformers import LlamaConfig, LlamaForCausalLM

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../test/fixtures/lm")
VOCABULARY = 48

torch.manual_seed(5)
lm = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=128, tie_word_embeddings=True, initializer_range=0.3, attn_implementation="eager",
    )
).eval()
os.makedirs(OUT, exist_ok=True)
with tempfile.TemporaryDirectory() as folder, torch.no_grad():
    file = os.path.join(folder, "model.onnx")
    export(lm, file)
    with open(file, "rb") as source, open(os.path.join(OUT, "cached.onnx.gz"), "wb") as target:
        target.write(gzip.compress(source.read(), 9, mtime=0))
    sequences = []
    for length in (2, 9, 24):
        ids = torch.randint(0, VOCABULARY, (1, length))
        log_probs = torch.log_softmax(lm(ids).logits[0], -1)
        scored = [log_probs[index, ids[0, index + 1]].item() for index in range(length - 1)]
        greedy = lm.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False, pad_token_id=0, eos_token_id=None)
        sequences.append({"ids": ids[0].tolist(), "logProbs": scored, "greedy": greedy[0, length:].tolist()})
with open(os.path.join(OUT, "expected.json"), "w") as target:
    json.dump({"about": "scripts/make-cached-lm-fixture.py", "vocabulary": VOCABULARY, "sequences": sequences}, target, indent=1)
    target.write("\n")
