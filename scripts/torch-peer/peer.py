"""PyTorch's side of `check/minilm-gradient.ts` and `bench/training.ts`: a BERT encoder with the weights of an ONNX export.

For `do: epoch` that encoder is trained by sentence-transformers' own trainer (`trainer_epoch.py`). Reads one JSON request a line from stdin, writes one JSON reply a line to stdout. Needs torch, transformers, onnx.
usage: peer.py model.onnx threads
"""

import json
import os
import resource
import re
import sys
import time

import numpy
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

PLACES = {
    "attention/self/query/MatMul": "attention.self.query.weight",
    "attention/self/key/MatMul": "attention.self.key.weight",
    "attention/self/value/MatMul": "attention.self.value.weight",
    "attention/output/dense/MatMul": "attention.output.dense.weight",
    "intermediate/dense/MatMul": "intermediate.dense.weight",
    "output/dense/MatMul": "output.dense.weight",
}


def load(path):
    """The model, and for each initializer its name in PyTorch and whether it is transposed there."""
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in graph.initializer}
    names = {name: (name, False) for name in tensors if not name.startswith("onnx::")}
    for node in graph.node:
        place = re.fullmatch(r".*/encoder/layer\.(\d+)/(.+)", node.name)
        if node.op_type == "MatMul" and place and place[2] in PLACES and node.input[1] in tensors:
            names[node.input[1]] = (f"encoder.layer.{place[1]}.{PLACES[place[2]]}", True)
    layers = 1 + max(int(match[1]) for match in (re.match(r"encoder\.layer\.(\d+)", name) for name, _ in names.values()) if match)
    vocabulary, hidden = tensors["embeddings.word_embeddings.weight"].shape
    first = {name: tensors[key] for key, (name, _) in names.items()}
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=first["encoder.layer.0.intermediate.dense.weight"].shape[1],
        max_position_embeddings=first["embeddings.position_embeddings.weight"].shape[0],
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    known = dict(model.named_parameters())
    names = {key: value for key, value in names.items() if value[0] in known}
    missing = set(known) - {name for name, _ in names.values()}
    assert not missing, f"no initializer for {sorted(missing)}"
    with torch.no_grad():
        for key, (name, is_transposed) in names.items():
            array = tensors[key].T if is_transposed else tensors[key]
            known[name].copy_(torch.from_numpy(numpy.ascontiguousarray(array)))
    return model.train(), names


def embed(model, ids, mask):
    states = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)


def tensors_of(texts):
    length = max(len(text) for text in texts)
    ids = torch.tensor([text + [0] * (length - len(text)) for text in texts])
    return ids, torch.tensor([[1] * len(text) + [0] * (length - len(text)) for text in texts])


def loss_of(model, request):
    """In-batch contrast, temperature 0.05: query i and passage i. Both in one pass, or padded apart."""
    queries, passages = request["queries"], request["passages"]
    if request["together"]:
        both = embed(model, *tensors_of(queries + passages))
        q, p = both[: len(queries)], both[len(queries) :]
    else:
        q, p = embed(model, *tensors_of(queries)), embed(model, *tensors_of(passages))
    return torch.nn.functional.cross_entropy(q @ p.T / 0.05, torch.arange(len(queries)))


def matrix_limit():
    """GFLOP/s of the products that a training step consists of."""
    a, b = torch.randn(4096, 384), torch.randn(384, 1536)
    g = torch.randn(4096, 1536)
    products = [lambda: a @ b, lambda: g @ b.T, lambda: a.T @ g]
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for product in products:
            product()
        best = max(best, 3 * 2 * 4096 * 384 * 1536 / (time.perf_counter() - start) / 1e9)
    return best


TRAINED = {}


def epoch(model, request):
    try:
        from trainer_epoch import as_sentence_transformer, train_epoch
    except ImportError as error:
        return dict(missing=str(error))
    if not TRAINED:
        tokenizer = os.path.join(os.path.dirname(sys.argv[1]), "tokenizer.json")
        TRAINED["model"] = as_sentence_transformer(model, tokenizer, request["longest"])
    clock, steps = train_epoch(TRAINED["model"], request["pairs"], request["batchSize"])
    assert steps == -(-len(request["pairs"]) // request["batchSize"])
    return dict(seconds=clock.seconds, cpuSeconds=clock.cpu_seconds, peakBytes=peak_bytes())


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    model, names = load(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    # Libraries print to stdout, too: it becomes stderr, and replies go where it went.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps(dict(ready=True, torch=torch.__version__)), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "limit":
            print(json.dumps(dict(gigaflops=matrix_limit())), file=replies, flush=True)
            continue
        if request["do"] == "epoch":
            print(json.dumps(epoch(model, request)), file=replies, flush=True)
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        loss = loss_of(model, request)
        loss.backward()
        reply = dict(loss=loss.item())
        if request["do"] == "gradient":
            parameters = dict(model.named_parameters())
            for key, (name, is_transposed) in names.items():
                gradient = parameters[name].grad
                array = (gradient.T if is_transposed else gradient).contiguous().numpy()
                array.astype("<f4").tofile(f"{request['folder']}/{key.replace('/', '_').replace(':', '_')}.f32")
        else:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        optimizer.zero_grad()
        reply.update(seconds=time.perf_counter() - wall, cpuSeconds=time.process_time() - cpu)
        reply.update(peakBytes=peak_bytes())
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
