"""The training loop: transformers' Trainer over ready-made examples, saving only what is trained.

All recipes share it: checkpoints with optimiser, schedule and random state, from which a killed run goes on exactly; a
held-out loss at intervals; a progress line, and the log as TensorBoard files (where tensorboard is installed) and as
`log.jsonl`. Under torchrun or `accelerate launch` the processes share the examples of each step, so that a step is the
same with any number of them.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _IncompatibleKeys
from torch.utils.data import Dataset, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments, get_cosine_schedule_with_warmup

from ..models.precision import multiplies_bfloat16


@dataclass(frozen=True)
class LoopConfig:
    """How long to train, how fast, and where to keep the run.

    A step sees `accumulate` examples, which the processes share. Every `evaluate_every` steps (0: never) the loss of
    the held-out examples is measured, where there are some.
    """

    out: str
    steps: int
    learning_rate: float
    warmup: float = 0.05
    weight_decay: float = 0.01
    gradient_norm: float = 1.0
    accumulate: int = 1
    log_every: int = 10
    save_every: int = 100
    evaluate_every: int = 0
    seed: int = 0
    workers: int = 0


class Trained(nn.Module):
    """A module whose `forward(example)` gives scalar losses, their sum at "loss", and whose state is what it trains."""

    def state_dict(self, *args, **kwargs) -> dict[str, Tensor]:
        """Return the tensors that take gradients."""
        trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        return {name: tensor for name, tensor in super().state_dict(*args, **kwargs).items() if name in trained}

    def load_state_dict(self, state_dict: dict[str, Tensor], strict: bool = False, assign: bool = False):
        """Load what `state_dict` gave. Raise ValueError where it belongs to another configuration."""
        mine = {name: tensor.shape for name, tensor in self.state_dict().items()}
        given = {name: tensor.shape for name, tensor in state_dict.items()}
        if differing := sorted(name for name in mine.keys() | given.keys() if mine.get(name) != given.get(name)):
            raise ValueError(
                f"This training checkpoint does not fit the configuration; tensors that differ: {differing[:8]}"
            )
        super().load_state_dict(state_dict, strict=False, assign=assign)
        return _IncompatibleKeys([], [])  # what is frozen is not missing


class _JsonLog(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        if state.is_world_process_zero:
            with open(Path(args.output_dir) / "log.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **(logs or {})}) + "\n")


class _Loop(Trainer):
    """A Trainer that goes through the data in its own order, with our optimiser, and logs every part of the loss."""

    parts: dict[str, list[Tensor]]
    groups: list[dict]
    config: LoopConfig

    # A sharded model (FSDP) wants its optimiser made here, and refuses one from outside.
    def create_optimizer(self, model=None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            rate, decay = self.config.learning_rate, self.config.weight_decay
            self.optimizer = torch.optim.AdamW(self.groups, lr=rate, weight_decay=decay, betas=(0.9, 0.98))
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer=None):
        if self.lr_scheduler is None:
            warmup = int(self.config.warmup * num_training_steps)
            optimizer = self.optimizer if optimizer is None else optimizer
            assert optimizer is not None
            self.lr_scheduler = get_cosine_schedule_with_warmup(optimizer, warmup, num_training_steps)
        return self.lr_scheduler

    def _get_train_sampler(self, train_dataset=None):
        return SequentialSampler(self.train_dataset)  # pyright: ignore[reportArgumentType]

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        losses = model(**inputs)
        for name, value in losses.items():
            if name != "loss":
                self.parts[name].append(value.detach())
        return (losses["loss"], losses) if return_outputs else losses["loss"]

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        with torch.no_grad(), self.compute_loss_context_manager():
            losses = model(**inputs)
        return losses.get("answer", losses["loss"]).float(), None, None

    def log(self, logs, *args, **kwargs) -> None:
        if "eval_loss" in logs:
            logs = {"eval_loss": logs["eval_loss"]}  # and not how fast it was measured
        elif "loss" in logs:
            means = {name: torch.stack(values).float().mean() for name, values in self.parts.items()}
            gathered: dict = self.accelerator.reduce(means, "mean")  # pyright: ignore[reportAssignmentType]
            logs.update({name: float(value) for name, value in gathered.items()})
            self.parts.clear()
        super().log(logs, *args, **kwargs)


def fit(
    module: Trained,
    examples: Dataset,
    config: LoopConfig,
    groups: list[dict] | None = None,
    held_out: Dataset | None = None,
) -> None:
    """Train `module` for `config.steps` steps and leave checkpoints in `config.out`; go on from the last one there.

    `groups` are parameter groups for AdamW, each with its own `lr`; by default one group of all that takes gradients.
    Computed in bfloat16 under autocast; on a CPU without instructions for it, all of `module` becomes single precision.
    An example is passed as `forward(example=...)`. The mean loss of `held_out` is logged as "eval_loss": that of the
    answers, where `forward` gives it apart as "answer". No steps: nothing happens. Raises ValueError where the examples
    of a step cannot be shared evenly among the processes.
    """
    if config.steps == 0:
        return
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not (halved := multiplies_bfloat16(device)):
        module.float()
    evaluates = held_out is not None and config.evaluate_every > 0
    args = TrainingArguments(
        output_dir=config.out,
        max_steps=config.steps,
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        gradient_accumulation_steps=share(config.accumulate),
        max_grad_norm=config.gradient_norm,
        logging_steps=config.log_every,
        save_steps=config.save_every,
        save_total_limit=2,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=config.evaluate_every if evaluates else None,
        seed=config.seed,
        bf16=halved,
        use_cpu=device.type == "cpu",
        remove_unused_columns=False,
        dataloader_num_workers=config.workers,
        dataloader_pin_memory=False,
        report_to=["tensorboard"] if importlib.util.find_spec("tensorboard") else [],
    )
    loop = _Loop(
        model=module,
        args=args,
        train_dataset=examples,
        eval_dataset=held_out if evaluates else None,
        data_collator=lambda batch: {"example": batch[0]},  # an example is a batch already
        callbacks=[_JsonLog()],
    )
    loop.parts, loop.config = defaultdict(list), config
    loop.groups = groups or [
        {"params": [p for p in module.parameters() if p.requires_grad], "lr": config.learning_rate}
    ]
    last = last_checkpoint(config.out)
    loop.train(resume_from_checkpoint=None if last is None else str(last))


def last_checkpoint(folder: str | Path) -> Path | None:
    """Return the last whole checkpoint in a folder, None where there is none; one whose saving was cut off is no whole
    one (Trainer writes its state last)."""
    whole = [state.parent for state in Path(folder).glob("checkpoint-*/trainer_state.json")]
    return max(whole, key=lambda place: int(place.name.rpartition("-")[2]), default=None)


def place() -> tuple[int, int]:
    """Return this process's number and how many there are, as torchrun and `accelerate launch` say."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def share(examples: int) -> int:
    """Return how many of a step's examples this process takes. Raises ValueError where they do not divide evenly."""
    _, world = place()
    if examples % world:
        raise ValueError(
            f"A step of {examples} examples (loop.accumulate) cannot be shared by {world} processes; choose a multiple "
            f"of {world}."
        )
    return examples // world
