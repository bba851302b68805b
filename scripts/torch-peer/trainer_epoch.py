"""An epoch of sentence-transformers' own trainer with its default settings, timed. Needs sentence-transformers, datasets."""

import os
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("WANDB_DISABLED", "true")

import torch
from datasets import Dataset, disable_progress_bars
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import PreTrainedTokenizerFast, TrainerCallback
from transformers.utils import logging

disable_progress_bars()
logging.disable_progress_bar()
logging.set_verbosity_error()


class EpochClock(TrainerCallback):
    """Time of the epoch's loop: batches, tokenising, steps. What the trainer does before and after is left out."""

    def on_epoch_begin(self, *_, **__):
        self.begin = time.perf_counter(), time.process_time()

    def on_epoch_end(self, *_, **__):
        self.seconds = time.perf_counter() - self.begin[0]
        self.cpu_seconds = time.process_time() - self.begin[1]


def as_sentence_transformer(bert, tokenizer_file, longest):
    """A BertModel with its tokenizer.json as a model of sentence-transformers, mean-pooled and of unit length."""
    with tempfile.TemporaryDirectory() as folder:
        bert.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_file=tokenizer_file, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
        ).save_pretrained(folder)
        transformer = Transformer(folder, max_seq_length=longest)
    return SentenceTransformer(modules=[transformer, Pooling(bert.config.hidden_size, "mean"), Normalize()], device="cpu")


def train_epoch(model, pairs, batch_size):
    """Multiple negatives ranking loss over (question, passage) pairs; returns the clock and the number of steps."""
    dataset = Dataset.from_dict(dict(anchor=[pair[0] for pair in pairs], positive=[pair[1] for pair in pairs]))
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=batch_size,
            learning_rate=1e-6,
            use_cpu=True,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        clock = EpochClock()
        trainer = SentenceTransformerTrainer(
            model=model, args=arguments, train_dataset=dataset, loss=MultipleNegativesRankingLoss(model), callbacks=[clock]
        )
        threads = torch.get_num_threads()
        trainer.train()
        assert torch.get_num_threads() == threads
        return clock, trainer.state.global_step
