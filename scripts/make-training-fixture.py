"""Makes test/fixtures/training: a tiny random BERT as ONNX, and what PyTorch makes of it.

usage: python scripts/make-training-fixture.py [OUT_DIR]

Needs torch, transformers, onnx and onnxruntime (pip install them); half a minute. The tests that read the fixture need none of
them. Losses are written from their definitions, so that they share nothing with training/losses; gradients are autograd's,
optimisers and schedules those of torch and transformers. Everything is computed in float64 except the encoder's weights,
which are float32 values; AdamW on the encoder runs in both and the script stops when they part.
"""

import copy
import gzip
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
import transformers
from transformers import BertConfig, BertModel, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../test/fixtures/training")
VOCAB, HIDDEN, PAD, CLS, SEP = 48, 16, 0, 2, 3
STEPS, WARMUP, LR, WEIGHT_DECAY, CLIP = 10, 2, 2e-3, 0.01, 1.0

torch.manual_seed(7)
torch.set_num_threads(1)
rng = np.random.default_rng(7)


def numbers(values, digits=7):
    """Row-major, rounded to significant digits."""
    array = values.detach().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    return [float(f"{value:.{digits}g}") for value in np.asarray(array, np.float64).ravel()]


# ---- the encoder


def make_model():
    config = BertConfig(
        vocab_size=VOCAB,
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=20,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,
        pad_token_id=PAD,
        attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():  # norms and biases that do something
        for name, weight in model.named_parameters():
            if "LayerNorm.weight" in name:
                weight.copy_(1 + 0.1 * torch.randn_like(weight))
            elif name.endswith("bias"):
                weight.copy_(0.05 * torch.randn_like(weight))
    return model


class Encoder(torch.nn.Module):
    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def forward(self, input_ids, attention_mask, token_type_ids):
        inputs = dict(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return self.bert(**inputs).last_hidden_state


def export(model, path):
    """Writes the ONNX file; returns initializer name and whether it is transposed, by parameter."""
    ids = torch.randint(4, VOCAB, (2, 6))
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]}
    inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    options = dict(input_names=names, output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=14, dynamo=False)
    torch.onnx.export(Encoder(model), inputs, path, **options)
    proto = onnx.load(path)
    for tensor in proto.graph.initializer:
        tensor.name = tensor.name.removeprefix("bert.")
    for node in proto.graph.node:
        node.input[:] = [name.removeprefix("bert.") for name in node.input]
        node.ClearField("doc_string")
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)
    used = {name for node in proto.graph.node for name in node.input}
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer if t.name in used}
    found = {}
    for name, weight in model.named_parameters():
        own = weight.detach().numpy()
        for key, value in tensors.items():
            if key in [taken for taken, _ in found.values()]:
                continue
            if value.shape == own.shape and np.array_equal(value, own):
                found[name] = (key, False)
            elif own.ndim == 2 and value.shape == own.T.shape and np.array_equal(value, own.T):
                found[name] = (key, True)
            else:
                continue
            break
        assert name in found, name
    return found


def embed(model, texts):
    """Mean over the tokens that are not padding."""
    ids, mask = torch.tensor(texts["ids"]), torch.tensor(texts["mask"])
    hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def make_texts(count, shortest, longest):
    rows = [[CLS, *rng.integers(4, VOCAB, rng.integers(shortest, longest + 1)).tolist(), SEP] for _ in range(count)]
    width = max(map(len, rows))
    return dict(
        ids=[row + [PAD] * (width - len(row)) for row in rows],
        mask=[[1] * len(row) + [0] * (width - len(row)) for row in rows],
    )


# ---- the losses, one query after the other, from their definitions


def scores(q, p, similarity, temperature):
    if similarity == "cosine":
        q, p = F.normalize(q, dim=-1), F.normalize(p, dim=-1)
    return q @ p.T / temperature


def own(batch, query):
    owner, positive = np.array(batch["passage_query"]), np.array(batch["is_positive"])
    return np.flatnonzero((owner == query) & positive), np.flatnonzero((owner == query) & ~positive), np.flatnonzero(owner != query)


def contrast(row, winner, losers):
    return -torch.log_softmax(row[[winner, *losers]], 0)[0]


def contrastive(s, batch):
    terms = []
    for query, row in enumerate(s):
        positives, negatives, others = own(batch, query)
        terms += [contrast(row, positive, [*negatives, *others]) for positive in positives]
    return torch.stack(terms).mean()


def sum_marg_lh(s, batch):
    terms = []
    for query, row in enumerate(s):
        positives, _, _ = own(batch, query)
        terms.append(-torch.log(torch.softmax(row, 0)[positives].sum()))
    return torch.stack(terms).mean()


def kl_distillation(s, batch):
    terms = []
    for query, row in enumerate(s):
        positives, negatives, _ = own(batch, query)
        mine = sorted([*positives, *negatives])
        teacher = torch.softmax(torch.tensor(batch["teacher_scores"], dtype=s.dtype)[mine] / 0.5, 0)
        terms.append(F.kl_div(torch.log_softmax(row[mine], 0), teacher, reduction="sum"))
    return torch.stack(terms).mean()


def graded_distillation(s, batch):
    terms = []
    for query, row in enumerate(s):
        positives, negatives, others = own(batch, query)
        mine = sorted([*positives, *negatives])
        teacher = torch.tensor(batch["teacher_scores"], dtype=s.dtype)
        weights = torch.softmax(teacher[mine] / 0.5, 0)
        for weight, passage in zip(weights, mine):
            lower = [other for other in mine if teacher[other] < teacher[passage]]
            terms.append(weight * contrast(row, passage, [*lower, *others]))
    return torch.stack(terms).sum() / len(s)


def margin_mse(s, batch):
    terms, teacher = [], torch.tensor(batch["teacher_scores"], dtype=s.dtype)
    for query, row in enumerate(s):
        positives, negatives, _ = own(batch, query)
        terms += [F.mse_loss(row[p] - row[n], teacher[p] - teacher[n]) for p in positives for n in negatives]
    return torch.stack(terms).mean()


SCORED = {
    "contrastive": contrastive,
    "sum-marg-lh": sum_marg_lh,
    "kl-distillation": kl_distillation,
    "graded-distillation": graded_distillation,
    "margin-mse": margin_mse,
}
SCORINGS = [dict(similarity="dot", temperature=1.0), dict(similarity="cosine", temperature=0.05)]


def embedding_gradients(loss_of, q, p):
    q, p = q.detach().clone().requires_grad_(), p.detach().clone().requires_grad_()
    loss = loss_of(q, p)
    loss.backward()
    return dict(loss=float(loss), query_gradient=numbers(q.grad), passage_gradient=numbers(p.grad))


def loss_cases(q, p, batch):
    cases = []
    for name, loss in SCORED.items():
        for scoring in SCORINGS:
            found = embedding_gradients(lambda q, p: loss(scores(q, p, **scoring), batch), q, p)
            cases.append(dict(name=name, options=dict(scoring, teacherTemperature=0.5), **found))
    targets = p[: len(q)]
    for distance, loss in [
        ("cosine", lambda q, p: F.cosine_embedding_loss(q, p, torch.ones(len(q), dtype=q.dtype))),
        ("squared", lambda q, p: F.mse_loss(q, p, reduction="sum") / len(q)),
    ]:
        cases.append(dict(name="embedding-alignment", options=dict(distance=distance), **embedding_gradients(loss, q, targets)))
    return cases


# ---- training


def train(model, batch, dtype):
    """Ten steps on the same batch: cosine at temperature 0.05, no decay on biases and norms."""
    model = copy.deepcopy(model).to(dtype)
    vectors = [weight for weight in model.parameters() if weight.ndim < 2]
    matrices = [weight for weight in model.parameters() if weight.ndim >= 2]
    groups = [dict(params=matrices, weight_decay=WEIGHT_DECAY), dict(params=vectors, weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=LR)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    record = dict(losses=[], norms=[], rates=[])
    first_gradients = None
    for _ in range(STEPS):
        optimizer.zero_grad()
        s = scores(embed(model, batch["queries"]), embed(model, batch["passages"]), **SCORINGS[1])
        loss = contrastive(s, batch)
        loss.backward()
        if first_gradients is None:
            first_gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()}
        record["losses"].append(float(loss))
        record["norms"].append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)))
        record["rates"].append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return record, first_gradients, dict(model.named_parameters())


def optimizer_cases():
    """Optimisers alone, on a table of which each step reads some rows."""
    rows, width, steps = 6, 3, 12
    start = torch.randn(rows, width, dtype=torch.float64)
    named = [sorted(rng.choice(rows, rng.integers(1, 4), replace=False).tolist()) for _ in range(steps)]
    slopes = [torch.randn(len(read), width, dtype=torch.float64) for read in named]
    cases = []
    for name, options in [
        ("AdamW", dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
        ("SparseAdam", dict(lr=0.05, betas=(0.9, 0.999), eps=1e-10)),
    ]:
        table = start.clone().requires_grad_()
        optimizer = getattr(torch.optim, name)([table], **options)
        for read, slope in zip(named, slopes):
            gradient = torch.sparse_coo_tensor(torch.tensor([read]), slope, (rows, width)).coalesce()
            table.grad = gradient if name == "SparseAdam" else gradient.to_dense()
            optimizer.step()
        cases.append(dict(name=name, options=options, final=numbers(table, 9)))
    return dict(dims=[rows, width], start=numbers(start, 12), rows=named, slopes=[numbers(s, 12) for s in slopes], cases=cases)


def schedule_cases():
    cases = []
    for name, make in [("linear", get_linear_schedule_with_warmup), ("cosine", get_cosine_schedule_with_warmup)]:
        for warmup, total in [(0, 7), (3, 10)]:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
            schedule, rates = make(optimizer, warmup, total), []
            for _ in range(total + 2):
                rates.append(schedule.get_last_lr()[0])
                optimizer.step()
                schedule.step()
            cases.append(dict(name=name, warmup_steps=warmup, total_steps=total, factors=numbers(rates)))
    return cases


def main():
    os.makedirs(OUT, exist_ok=True)
    model = make_model()
    initializers = export(model, f"{OUT}/model.onnx")
    counts = [(1, 2), (2, 2), (3, 1)]  # positives and hard negatives of each query
    batch = dict(
        queries=make_texts(len(counts), 2, 7),
        passages=make_texts(sum(map(sum, counts)), 3, 16),
        passage_query=[query for query, (p, n) in enumerate(counts) for _ in range(p + n)],
        is_positive=[index < p for p, n in counts for index in range(p + n)],
        teacher_scores=numbers(rng.normal(size=sum(map(sum, counts))).round(2)),
    )
    double = copy.deepcopy(model).double()
    q, p = embed(double, batch["queries"]), embed(double, batch["passages"])
    record, gradients, final = train(model, batch, torch.float64)
    single, _, final_single = train(model, batch, torch.float32)
    assert max(abs(a - b) for a, b in zip(record["losses"], single["losses"])) < 1e-4
    drift = {n: float((final[n] - final_single[n].double()).abs().max()) for n in final}

    def layout(name, tensor, digits):
        return numbers(tensor.T if initializers[name][1] else tensor, digits)

    out = dict(
        versions={m.__name__: m.__version__ for m in (torch, transformers, onnx, onnxruntime, np)},
        batch=batch,
        query_embeddings=numbers(q, 12),
        passage_embeddings=numbers(p, 12),
        losses=loss_cases(q, p, batch),
        training=dict(
            options=dict(SCORINGS[1], learningRate=LR, weightDecay=WEIGHT_DECAY, clipNorm=CLIP, warmupSteps=WARMUP, totalSteps=STEPS),
            **record,
            parameters=[
                dict(
                    name=name,
                    initializer=initializers[name][0],
                    first_gradient=layout(name, gradients[name], 7),
                    final=layout(name, final[name], 8),
                    float32_drift=float(f"{drift[name]:.2g}"),
                )
                for name in final
            ],
        ),
        optimizers=optimizer_cases(),
        schedules=schedule_cases(),
    )
    with gzip.GzipFile(f"{OUT}/expected.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(out, separators=(",", ":")).encode())
    print({name: os.path.getsize(f"{OUT}/{name}") for name in os.listdir(OUT)})
    print("largest drift of float32", sorted(((v, k) for k, v in drift.items()), reverse=True)[:4])


main()
