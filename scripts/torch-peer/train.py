"""PyTorch's side of `experiments/training-runs.ts`: one training run, described by a JSON file; see `TorchJob` there.

A plain PyTorch loop: AdamW, clipping at norm 1, linear schedule with warm-up, in-batch negatives and hard ones, the best dev
measurement kept. Needs torch, transformers, onnx.
usage: train.py job.json
"""

import json
import os
import random
import sys
import time

import numpy
import torch

from peer import embed, load


def read_lines(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def read_matrix(path, dims):
    return torch.from_numpy(numpy.fromfile(path, dtype="<f4").reshape(-1, dims))


def padded(rows):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])


class Adapter(torch.nn.Module):
    """q + q·delta at unit length, the identity at the start, over embeddings that stay."""

    def __init__(self, dims):
        super().__init__()
        self.delta = torch.nn.Parameter(torch.zeros(dims, dims))

    def forward(self, rows):
        queries = torch.tensor(rows)
        return torch.nn.functional.normalize(queries + queries @ self.delta, dim=1)


class Encoder(torch.nn.Module):
    def __init__(self, onnx):
        super().__init__()
        self.bert, _ = load(onnx)

    def forward(self, rows):
        return embed(self.bert, *padded(rows))


@torch.no_grad()
def encode(model, rows, size=64):
    """In the order of the rows; like lengths together."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    vectors = [None] * len(rows)
    for start in range(0, len(order), size):
        part = order[start : start + size]
        for index, vector in zip(part, model([rows[index] for index in part])):
            vectors[index] = vector
    return torch.stack(vectors)


def ndcg(queries, passages, positives, row_of):
    """Mean nDCG@10 of binary judgments; `row_of[i]` is the corpus row of passage i."""
    best = (queries @ passages.T).topk(min(10, len(passages)), dim=1).indices
    total = 0.0
    for found, wanted in zip(best.tolist(), positives):
        gain = sum(1 / numpy.log2(rank + 2) for rank, index in enumerate(found) if row_of[index] in wanted)
        total += gain / sum(1 / numpy.log2(rank + 2) for rank in range(min(10, len(wanted))))
    return total / len(positives)


def sample(examples, negatives, generator):
    """For each query one of its positives and some of its negatives; the rows of both, and which is whose."""
    rows, own = [], []
    for query, example in enumerate(examples):
        chosen = [generator.choice(example["positives"])]
        chosen += generator.sample(example["negatives"], min(negatives, len(example["negatives"])))
        rows += chosen
        own += [query] * len(chosen)
    return rows, own


def loss_of(scores, examples, rows, own):
    """Cross-entropy of each query's positive against all passages of the batch that are not known to answer it."""
    targets = torch.tensor([own.index(query) for query in range(len(examples))])
    known = torch.tensor(
        [[row in example["known"] and column != target for column, row in enumerate(rows)] for example, target in zip(examples, targets.tolist())]
    )
    return torch.nn.functional.cross_entropy(scores.masked_fill(known, float("-inf")), targets)


def main(job):
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    generator = random.Random(job["seed"])
    train, dev, test = (read_lines(job[name]) for name in ("train", "dev", "test"))
    for example in train:
        example["known"] = set(example["positives"])
    frozen = None if job["passages"] is None else read_matrix(job["passages"], job["dims"])
    texts = None if job["passageTokens"] is None else read_lines(job["passageTokens"])
    model = Adapter(job["dims"]) if job["mode"] == "query-adapter" else Encoder(job["onnx"])
    pool = range(len(frozen)) if job["devPool"] is None else job["devPool"]

    def measure():
        passages = frozen if texts is None else encode(model, [texts[row] for row in pool])
        return ndcg(encode(model, [each["query"] for each in dev]), passages, [set(each["positives"]) for each in dev], pool)

    per_epoch = len(train) // job["batchSize"]
    total = min(job["maxSteps"] or 10**9, round(job["epochs"] * per_epoch))
    every = job["evaluateEvery"] or per_epoch
    warm_up = round(job["warmup"] * total)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job["learningRate"], weight_decay=0.0)
    rate = lambda step: step / warm_up if step < warm_up else (total - step) / max(1, total - warm_up)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, rate(step)))
    best = dict(step=0, score=measure())
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    curve, seconds, order = [best], 0.0, []
    for step in range(total):
        start = time.perf_counter()
        if len(order) < job["batchSize"]:
            order = generator.sample(range(len(train)), len(train))
        examples = [train[order.pop()] for _ in range(job["batchSize"])]
        rows, own = sample(examples, job["negatives"], generator)
        queries = model([example["query"] for example in examples])
        passages = frozen[rows] if texts is None else model([texts[row] for row in rows])
        loss = loss_of(queries @ passages.T / job["temperature"], examples, rows, own)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), job["clipNorm"])
        optimizer.step()
        schedule.step()
        seconds += time.perf_counter() - start
        if (step + 1) % every == 0 or step + 1 == total:
            curve.append(dict(step=step + 1, score=measure()))
            print(f"torch: step {step + 1}/{total}, loss {loss.item():.4f}, dev {curve[-1]['score']:.4f}", file=sys.stderr, flush=True)
            if curve[-1]["score"] > best["score"]:
                best = curve[-1]
                kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    encode(model, [each["query"] for each in test]).numpy().astype("<f4").tofile(os.path.join(job["output"], "test.f32"))
    if job["testPool"] is not None:
        encode(model, [texts[row] for row in job["testPool"]]).numpy().astype("<f4").tofile(os.path.join(job["output"], "pool.f32"))
    with open(os.path.join(job["output"], "result.json"), "w") as result:
        json.dump(dict(best=best, curve=curve, seconds=seconds, torch=torch.__version__), result)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        main(json.load(file))
