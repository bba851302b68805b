"""Exports a causal LM of the Llama family as ONNX with a key/value cache, which is what `aar score` labels fastest with.

usage: python scripts/export_lm.py MODEL_FOLDER OUT_FOLDER [--gguf FILE]

Needs torch, transformers, onnx and onnxruntime (and gguf with --gguf: a file inside of MODEL_FOLDER). Writes model.onnx (fp32), model_int8.onnx
and the tokeniser with its chat template. The int8 model is dynamic; o_proj and down_proj stay in fp32, since they carry the activations' outliers,
and lm_head, since `aar score` asks for few positions of it. What other products read is smoothed first (see `smooth`).

Inputs and outputs are those of optimum's exports: input_ids, attention_mask, position_ids (batch, sequence) and past_key_values.<layer>.key and
.value (batch, heads, past, head size); logits (batch, sequence, vocabulary) and present.<layer>.key and .value. `aar score` adds the input
`positions` itself, so that only wanted positions go through the output layer.
"""

import argparse
import os
import shutil

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer

IN_FP32 = ("o_proj", "down_proj", "lm_head")
CALIBRATION = {"texts": 16, "tokens": 160, "seed": 0}
SMOOTHING = 0.5


class CachedLlama(nn.Module):
    """A Llama's forward pass in plain operators over a cache given and returned as tensors."""

    def __init__(self, lm):
        super().__init__()
        self.lm = lm
        config = lm.config
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.size = getattr(config, "head_dim", None) or config.hidden_size // self.heads

    def forward(self, input_ids, attention_mask, position_ids, *past):
        model = self.lm.model
        hidden = model.embed_tokens(input_ids)
        cos, sin = model.rotary_emb(hidden, position_ids)
        cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
        length, total = input_ids.shape[1], attention_mask.shape[1]
        steps = torch.arange(total)
        visible = (steps[None, :] <= steps[total - length :, None])[None] & (attention_mask[:, None, :] != 0)
        mask = torch.where(visible, torch.tensor(0.0), torch.tensor(-1e9)).unsqueeze(1)
        present = []
        for index, layer in enumerate(model.layers):
            normed = layer.input_layernorm(hidden)
            attention = layer.self_attn
            query = self.split(attention.q_proj(normed), self.heads)
            key = self.split(attention.k_proj(normed), self.kv_heads)
            value = self.split(attention.v_proj(normed), self.kv_heads)
            query, key = query * cos + rotated(query) * sin, key * cos + rotated(key) * sin
            key = torch.cat([past[2 * index], key], dim=2)
            value = torch.cat([past[2 * index + 1], value], dim=2)
            present += [key, value]
            # Heads that share keys are rows of one product: nothing is copied.
            group = self.heads // self.kv_heads
            rows = query.reshape(query.shape[0], self.kv_heads, group * length, self.size)
            scores = torch.matmul(rows, key.transpose(2, 3)) * attention.scaling
            scores = scores.reshape(query.shape[0], self.heads, length, total) + mask
            weights = torch.softmax(scores, dim=-1).reshape(query.shape[0], self.kv_heads, group * length, total)
            mixed = torch.matmul(weights, value).reshape(query.shape[0], self.heads, length, self.size)
            hidden = hidden + attention.o_proj(mixed.transpose(1, 2).reshape(query.shape[0], length, self.heads * self.size))
            hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
        return (self.lm.lm_head(model.norm(hidden)), *present)

    def split(self, projected, heads):
        return projected.reshape(projected.shape[0], projected.shape[1], heads, self.size).transpose(1, 2)


def rotated(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat([-second, first], dim=-1)


def export(lm, file):
    """Writes the fp32 model."""
    config = lm.config
    wrapped = CachedLlama(lm).eval()
    names = [f"{layer}.{kind}" for layer in range(config.num_hidden_layers) for kind in ("key", "value")]
    past = [torch.zeros(1, wrapped.kv_heads, 5, wrapped.size) for _ in names]
    inputs = (torch.ones(1, 4, dtype=torch.int64), torch.ones(1, 9, dtype=torch.int64), torch.arange(5, 9)[None], *past)
    axes = {"input_ids": {1: "sequence"}, "attention_mask": {1: "total"}, "position_ids": {1: "sequence"}, "logits": {1: "sequence"}}
    axes.update({f"past_key_values.{name}": {2: "past"} for name in names})
    axes.update({f"present.{name}": {2: "total"} for name in names})
    torch.onnx.export(
        wrapped, inputs, file, dynamo=False, opset_version=18, dynamic_axes={name: {0: "batch", **axis} for name, axis in axes.items()},
        input_names=["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{name}" for name in names)],
        output_names=["logits", *(f"present.{name}" for name in names)],
    )


def smooth(lm):
    """Moves the outliers of what is read after each norm from the activations into the weights, which int8 rounds by the row (SmoothQuant, Xiao et
    al. 2023): both are scaled per channel, so that the LM says the same in fp32. The ranges are those of texts that the LM samples itself."""
    largest = {}

    def keep_largest(module, inputs, _):
        values = inputs[0].abs().flatten(0, -2).amax(0)
        largest[module] = torch.maximum(largest[module], values) if module in largest else values

    torch.manual_seed(CALIBRATION["seed"])
    start = torch.full((CALIBRATION["texts"], 1), lm.config.bos_token_id)
    texts = lm.generate(start, attention_mask=torch.ones_like(start), do_sample=True, max_new_tokens=CALIBRATION["tokens"], top_k=0)
    hooks = [module.register_forward_hook(keep_largest) for layer in lm.model.layers for module in (layer.self_attn.q_proj, layer.mlp.gate_proj)]
    lm(texts)
    for hook in hooks:
        hook.remove()
    for layer in lm.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        scale_channels(layer.input_layernorm, (attention.q_proj, attention.k_proj, attention.v_proj), largest[attention.q_proj])
        scale_channels(layer.post_attention_layernorm, (mlp.gate_proj, mlp.up_proj), largest[mlp.gate_proj])


def scale_channels(norm, products, activations):
    """Divides what a norm gives by a scale for each channel and multiplies the products' weights by it."""
    weights = torch.stack([product.weight.abs().amax(0) for product in products]).amax(0)
    scale = activations.clamp(min=1e-5) ** SMOOTHING / weights.clamp(min=1e-5) ** (1 - SMOOTHING)
    norm.weight.div_(scale)
    for product in products:
        product.weight.mul_(scale)


def quantize(source, target):
    """Writes the int8 model."""
    products = [node.name for node in onnx.load(source).graph.node if node.op_type == "MatMul"]
    keep = [name for name in products if any(part in name for part in IN_FP32)]
    if not keep:
        raise SystemExit(f"no product of {source} is named {' or '.join(IN_FP32)}: int8 would quantise the outliers too")
    quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"], nodes_to_exclude=keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--gguf")
    given = parser.parse_args()
    kind = {"gguf_file": given.gguf} if given.gguf else {}
    lm = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32, attn_implementation="eager", **kind).eval()
    if lm.config.bos_token_id is None:
        raise SystemExit(f"{given.model} has no bos_token_id in its configuration: int8 is calibrated on texts that the LM begins with it")
    os.makedirs(given.output, exist_ok=True)
    AutoTokenizer.from_pretrained(given.model, **kind).save_pretrained(given.output)
    for name in ("config.json", "generation_config.json"):
        source = os.path.join(given.model, name)
        if os.path.exists(source):
            shutil.copy(source, given.output)
    file = os.path.join(given.output, "model.onnx")
    smoothed = os.path.join(given.output, "smoothed.onnx")
    with torch.no_grad():
        export(lm, file)
        smooth(lm)
        export(lm, smoothed)
    quantize(smoothed, os.path.join(given.output, "model_int8.onnx"))
    os.remove(smoothed)


if __name__ == "__main__":
    main()
