"""Makes test/fixtures/autodiff: tiny random encoders of several families as PyTorch exports them, with gradients by PyTorch.

usage: make-autodiff-fixtures.py OUT_DIR      needs torch, transformers, onnx, onnxruntime (and onnxscript for the newer exporter)

For each family `NAME.onnx.gz` (`-dynamo`: by the newer exporter) and, in `expected.json.gz`, token ids and mask, an upstream gradient of the pooled states
(mean over the mask's tokens; the first token for T5's decoder, as T5-ANCE has it), the pooled states, and the gradient of
their product by every weight, by the name and in the layout that it has in the graph.
"""

import gzip
import json
import os
import sys

import numpy
import onnx
import onnxruntime
import torch
import transformers
from onnx import numpy_helper
from transformers import (
    DistilBertConfig,
    DistilBertModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5EncoderModel,
    T5Model,
)

VOCABULARY, HIDDEN, HEADS, INNER = 24, 8, 2, 12
COMMON = dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=1, num_attention_heads=HEADS, intermediate_size=INNER)
EAGER = dict(attn_implementation="eager")


class States(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


class FirstDecoderState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        start = torch.zeros_like(input_ids[:, :1])
        return self.model(input_ids=input_ids, attention_mask=attention_mask, decoder_input_ids=start, use_cache=False).last_hidden_state


def t5(feed_forward):
    return T5Config(
        vocab_size=VOCABULARY, d_model=HIDDEN, d_kv=4, d_ff=INNER, num_layers=1, num_decoder_layers=1, num_heads=HEADS,
        feed_forward_proj=feed_forward, dropout_rate=0.0, relative_attention_num_buckets=8, **EAGER,
    )


def families():
    distil = DistilBertConfig(
        vocab_size=VOCABULARY, dim=HIDDEN, n_layers=1, n_heads=HEADS, hidden_dim=INNER, max_position_embeddings=16, **EAGER,
    )
    yield "distilbert", States(DistilBertModel(distil)), "mean"
    yield "roberta", States(RobertaModel(RobertaConfig(max_position_embeddings=18, **COMMON, **EAGER), add_pooling_layer=False)), "mean"
    mpnet = MPNetConfig(max_position_embeddings=18, relative_attention_num_buckets=32, **COMMON)
    yield "mpnet", States(MPNetModel(mpnet, add_pooling_layer=False)), "mean"
    modern = ModernBertConfig(
        **{**COMMON, "num_hidden_layers": 2}, max_position_embeddings=16, local_attention=4, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, cls_token_id=1, sep_token_id=2, reference_compile=False, **EAGER,
    )
    yield "modernbert", States(ModernBertModel(modern)), "mean"
    yield "t5-encoder", States(T5EncoderModel(t5("relu"))), "mean"
    yield "t5-ance", FirstDecoderState(T5Model(t5("gated-gelu"))), "cls"


def export(module, path, dynamo):
    ids = torch.randint(3, VOCABULARY, (2, 5))
    names = ["input_ids", "attention_mask"]
    options = dict(input_names=names, output_names=["last_hidden_state"], do_constant_folding=False)
    if dynamo:
        batch, sequence = torch.export.Dim("batch"), torch.export.Dim("sequence")
        options.update(dynamo=True, dynamic_shapes={name: {0: batch, 1: sequence} for name in names}, external_data=False, opset_version=18)
        options.pop("do_constant_folding")
    else:
        axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]}
        options.update(dynamo=False, dynamic_axes=axes, opset_version=17)
    torch.onnx.export(module, (ids, torch.ones_like(ids)), path, **options)


def strip(path):
    """Drops what is not needed to run it: stack traces, documentation, shapes of intermediate values."""
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    del model.functions[:]
    os.remove(path)
    return model.SerializeToString()


def write_gzip(path, content):
    with open(path, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(content)


def rounded(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten().tolist()]


def reference(module, pooling, content):
    lengths = [7, 4, 2]
    ids = torch.zeros(3, 7, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(3, VOCABULARY, (length,))
        mask[row, :length] = 1
    states = module(ids, mask)
    weights = mask.unsqueeze(-1).float()
    pooled = states[:, 0] if pooling == "cls" else (states * weights).sum(1) / weights.sum(1)
    upstream = torch.randn_like(pooled)
    module.zero_grad()
    (pooled * upstream).sum().backward()
    gradients = {}
    for tensor in onnx.load_from_string(content).graph.initializer:
        array = numpy_helper.to_array(tensor)
        for weight in module.parameters():
            for value, gradient in [(weight, weight.grad), (weight.T, None if weight.grad is None else weight.grad.T)]:
                if gradient is not None and numpy.array_equal(array, value.detach().numpy()):
                    gradients[tensor.name] = rounded(gradient)
    trained = [weight for weight in module.parameters() if weight.grad is not None]
    assert len(gradients) >= len(trained), f"{len(gradients)} initializers are weights, of {len(trained)}"
    feeds = dict(input_ids=ids.numpy(), attention_mask=mask.numpy())
    [exported] = onnxruntime.InferenceSession(content).run(None, feeds)
    difference = numpy.abs((exported - states.detach().numpy())[mask.numpy()[:, : exported.shape[1]] == 1]).max()
    assert difference < 1e-4, f"the exported graph is off by {difference}"
    return dict(
        pooling=pooling, ids=ids.tolist(), mask=mask.tolist(), upstream=rounded(upstream), pooled=rounded(pooled),
        gradients=gradients,
    )


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    expected = dict(versions=dict(torch=torch.__version__, transformers=transformers.__version__), families={})
    for name, module, pooling in families():
        torch.manual_seed(7)
        for weight in module.parameters():
            torch.nn.init.normal_(weight, std=0.3)
        module.eval()
        made = 0
        for suffix, dynamo in [("", False), ("-dynamo", True)]:
            path = os.path.join(folder, f"{name}{suffix}.onnx")
            try:
                with torch.no_grad():
                    export(module, path, dynamo)
                content = strip(path)
                expected["families"][f"{name}{suffix}"] = reference(module, pooling, content)
                write_gzip(path + ".gz", content)
                made += 1
            except Exception as error:  # not every exporter takes every family; the test lists what there is
                print(f"{name}{suffix}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        assert made > 0, name
    write_gzip(os.path.join(folder, "expected.json.gz"), json.dumps(expected).encode())


main()
