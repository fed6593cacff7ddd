"""The training loop of all recipes: transformers' Trainer over ready-made examples. It saves the trained tensors only.

It writes checkpoints with optimiser, schedule and random state, from which a killed run continues exactly. It measures
a held-out loss at intervals, and logs to `log.jsonl`, and to TensorBoard where that is installed. Under torchrun or
`accelerate launch` the processes share the examples of each step, so that a step is the same with any number of
processes.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections import defaultdict
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset, SequentialSampler, Subset
from transformers import Trainer, TrainingArguments

from ..encoders.precision import multiplies_bfloat16
from .stage import Objective, RunConfig, StageConfig


class _Loop(Trainer):
    """A Trainer that reads the data in order, builds our optimiser, and logs every part of the loss."""

    parts: dict[str, list[Tensor]]
    groups: list[dict]

    # A sharded model (FSDP) needs an optimiser that is made here, after sharding.
    def create_optimizer(self, model=None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(self.groups, betas=(0.9, 0.98))
        return self.optimizer

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
            logs = {"eval_loss": logs["eval_loss"]}  # without the speed of the measurement
        elif "loss" in logs:
            means = {name: torch.stack(values).float().mean() for name, values in self.parts.items()}
            gathered: dict = self.accelerator.reduce(means, "mean")  # pyright: ignore[reportAssignmentType]
            logs.update({name: float(value) for name, value in gathered.items()})
            self.parts.clear()
        super().log(logs, *args, **kwargs)
        if self.state.is_world_process_zero:
            with open(Path(str(self.args.output_dir)) / "log.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps({"step": self.state.global_step, **logs}) + "\n")


def train_stage(
    run: RunConfig,
    name: str,
    stage: StageConfig,
    objective: Objective,
    examples: Dataset,
    held_out: Dataset | None = None,
) -> None:
    """Train an objective on the first examples, one after another; continue from the last checkpoint in `run.out`/name.

    `examples` has one for every index from 0 on, always the same. A stage without steps does nothing. The computation
    is in bfloat16 under autocast; on a CPU without bfloat16 instructions the whole objective becomes single precision.
    An example is passed as `forward(example=...)`. The mean loss of the `held_out` examples is logged as "eval_loss":
    the loss "answer" if `forward` returns one. Raises ValueError if the processes cannot share the examples of a step
    evenly.
    """
    if stage.steps == 0:
        return
    folder, optimiser = Path(run.out) / name, stage.optimiser
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not (has_bfloat16 := multiplies_bfloat16(device)):
        objective.float()
    evaluates = held_out is not None and run.evaluate_every > 0
    args = TrainingArguments(
        output_dir=str(folder),
        max_steps=stage.steps,
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        gradient_accumulation_steps=examples_per_process(optimiser.accumulate),
        lr_scheduler_type="cosine",
        warmup_steps=int(optimiser.warmup * stage.steps),
        max_grad_norm=optimiser.gradient_norm,
        logging_steps=run.log_every,
        save_steps=run.save_every,
        save_total_limit=2,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=run.evaluate_every if evaluates else None,
        seed=run.seed,
        bf16=has_bfloat16,
        use_cpu=device.type == "cpu",
        remove_unused_columns=False,
        dataloader_num_workers=run.loader_workers,
        dataloader_pin_memory=False,
        report_to=["tensorboard"] if importlib.util.find_spec("tensorboard") else [],
    )
    loop = _Loop(
        model=objective,
        args=args,
        train_dataset=Subset(examples, range(stage.steps * optimiser.accumulate)),
        eval_dataset=held_out if evaluates else None,
        data_collator=lambda batch: {"example": batch[0]},  # an example is a batch already
    )
    loop.parts, loop.groups = defaultdict(list), optimiser.parameter_groups(objective)
    last = last_checkpoint(folder)
    loop.train(resume_from_checkpoint=None if last is None else str(last))


def last_checkpoint(folder: str | Path) -> Path | None:
    """Return the last complete checkpoint in a folder, or None.

    Trainer writes its state last, so a checkpoint without it is incomplete.
    """
    complete = [state.parent for state in Path(folder).glob("checkpoint-*/trainer_state.json")]
    return max(complete, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def process_rank() -> tuple[int, int]:
    """Return this process's rank and the number of processes, from the environment of torchrun."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def examples_per_process(examples: int) -> int:
    """Return how many of a step's examples this process takes. Raises ValueError if they do not divide evenly."""
    _, world = process_rank()
    if examples % world:
        raise ValueError(
            f"{world} processes cannot share the {examples} examples of a step; choose an optimiser.accumulate that is "
            f"a multiple of {world}."
        )
    return examples // world
