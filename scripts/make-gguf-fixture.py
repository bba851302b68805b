"""Makes test/fixtures/llama: a tiny random Llama as GGUF, and the log-probabilities that PyTorch gives texts under it.

usage: python scripts/make-gguf-fixture.py [OUT_DIR]

Needs torch, transformers and gguf (pip install them); seconds. The tests that read the fixture need none of them. Weights are
drawn wide, so that log-probabilities differ by nats and not by rounding.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import gguf
import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../test/fixtures/llama")
HIDDEN, HEADS, LAYERS, INNER, CONTEXT = 32, 2, 2, 64, 256
MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEXTS = ["The river Niger runs through Mali.", "Grüße 🌍", "aaaaaaaaaaaaaaaa", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello."]


def byte_characters():
    """GPT-2's printable stand-in for every byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + index) for index, byte in enumerate(shifted)}}


BYTES = byte_characters()
TOKENS = MARKS + [BYTES[byte] for byte in range(256)]


def encode(text):
    ids = []
    while text:
        mark = next((mark for mark in MARKS if text.startswith(mark)), None)
        if mark is not None:
            ids.append(MARKS.index(mark))
            text = text[len(mark) :]
        else:
            ids.extend(len(MARKS) + byte for byte in text[0].encode())
            text = text[1:]
    return ids


torch.manual_seed(3)
config = LlamaConfig(
    vocab_size=len(TOKENS), hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
    num_key_value_heads=HEADS, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, tie_word_embeddings=True,
    initializer_range=0.25, bos_token_id=1, eos_token_id=2, attn_implementation="eager",
)
model = LlamaForCausalLM(config).eval()
weights = model.state_dict()


def rotary(weight):
    """llama.cpp turns neighbouring pairs of a head, transformers its halves: the rows are dealt out accordingly."""
    return weight.reshape(HEADS, 2, HIDDEN // HEADS // 2, HIDDEN).transpose(1, 2).reshape(HIDDEN, HIDDEN)


NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}

os.makedirs(OUT, exist_ok=True)
writer = gguf.GGUFWriter(os.path.join(OUT, "tiny.gguf"), "llama")
writer.add_name("tiny")
writer.add_context_length(CONTEXT)
writer.add_embedding_length(HIDDEN)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_rope_dimension_count(HIDDEN // HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(len(TOKENS))
writer.add_file_type(gguf.LlamaFileType.ALL_F32)
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("smollm")
writer.add_token_list(TOKENS)
writer.add_token_types([gguf.TokenType.CONTROL] * len(MARKS) + [gguf.TokenType.NORMAL] * 256)
writer.add_token_merges([f"{BYTES[255]} {BYTES[255]}"])  # llama.cpp wants one; this never applies to UTF-8
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_add_bos_token(False)
writer.add_chat_template(TEMPLATE)
writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"].numpy())
writer.add_tensor("output_norm.weight", weights["model.norm.weight"].numpy())
for layer in range(LAYERS):
    for theirs, ours in NAMES.items():
        weight = weights[f"model.layers.{layer}.{theirs}.weight"]
        weight = rotary(weight) if theirs.endswith(("q_proj", "k_proj")) else weight
        writer.add_tensor(f"blk.{layer}.{ours}.weight", weight.contiguous().numpy())
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

with torch.no_grad():
    expected = []
    for text in TEXTS:
        ids = encode(text)
        log_probs = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
        tokens = [float(f"{log_probs[position, token]:.7g}") for position, token in enumerate(ids[1:])]
        best = log_probs[-1].topk(3)
        expected.append({"text": text, "ids": ids, "logProbs": tokens, "next": {"tokens": best.indices.tolist(), "logProbs": [float(f"{value:.7g}") for value in best.values]}})
made = {"torch": torch.__version__, "transformers": transformers.__version__}
with open(os.path.join(OUT, "expected.json"), "w", encoding="utf-8") as file:
    json.dump({"made": made, "texts": expected}, file, ensure_ascii=False)
    file.write("\n")
