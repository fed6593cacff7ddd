"""The training loop: transformers' Trainer over ready-made examples, saving only what is trained.

Both stages share it: checkpoints with optimiser, schedule and random state, `resume`, a progress line, and the log as
TensorBoard files (where tensorboard is installed) and as `log.jsonl`.
"""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _IncompatibleKeys
from torch.utils.data import Dataset, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments, get_cosine_schedule_with_warmup
from transformers.trainer_utils import get_last_checkpoint


@dataclass(frozen=True)
class LoopConfig:
    """How long to train, how fast, and where to keep the run."""

    out: str
    steps: int
    learning_rate: float
    warmup: float = 0.05
    weight_decay: float = 0.01
    gradient_norm: float = 1.0
    accumulate: int = 1
    log_every: int = 10
    save_every: int = 100
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
        if set(state_dict) != set(self.state_dict()):
            differing = sorted(set(state_dict) ^ set(self.state_dict()))
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
    """A Trainer that goes through the data in its own order and logs every part of the loss."""

    parts: dict[str, list[Tensor]]

    def _get_train_sampler(self, train_dataset=None):
        return SequentialSampler(self.train_dataset)  # pyright: ignore[reportArgumentType]

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        losses = model(**inputs)
        for name, value in losses.items():
            if name != "loss":
                self.parts[name].append(value.detach())
        return (losses["loss"], losses) if return_outputs else losses["loss"]

    def log(self, logs, *args, **kwargs) -> None:
        logs.update({name: float(torch.stack(values).mean()) for name, values in self.parts.items()})
        self.parts.clear()
        super().log(logs, *args, **kwargs)


def fit(module: Trained, examples: Dataset, config: LoopConfig, groups: list[dict] | None = None) -> None:
    """Train `module` for `config.steps` steps and leave checkpoints in `config.out`; go on from the last one there.

    `groups` are parameter groups for AdamW, each with its own `lr`; by default one group of all that takes gradients.
    An example is passed as `forward(example=...)`. No steps: nothing happens.
    """
    if config.steps == 0:
        return
    args = TrainingArguments(
        output_dir=config.out,
        max_steps=config.steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=config.accumulate,
        max_grad_norm=config.gradient_norm,
        logging_steps=config.log_every,
        save_steps=config.save_every,
        save_total_limit=2,
        seed=config.seed,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
        dataloader_num_workers=config.workers,
        dataloader_pin_memory=False,
        report_to=["tensorboard"] if importlib.util.find_spec("tensorboard") else [],
    )
    groups = groups or [{"params": [p for p in module.parameters() if p.requires_grad], "lr": config.learning_rate}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98))
    schedule = get_cosine_schedule_with_warmup(optimizer, int(config.warmup * config.steps), config.steps)
    loop = _Loop(
        model=module,
        args=args,
        train_dataset=examples,
        data_collator=lambda batch: {"example": batch[0]},  # an example is a batch already
        optimizers=(optimizer, schedule),
        callbacks=[_JsonLog()],
    )
    loop.parts = defaultdict(list)
    last = get_last_checkpoint(config.out) if Path(config.out).is_dir() else None
    loop.train(resume_from_checkpoint=last)
