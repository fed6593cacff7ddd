"""Parts that the training recipes share: settings of a run and of its stages, the optimiser, and objectives."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class RunConfig:
    """Settings of a whole training. The configurations of the recipes that train inherit them."""

    out: str = "runs/training"  # folder of the run: its settings, one folder per stage, and what it trains
    seed: int = 0  # of the weights, the order of the data and dropout
    log_every: int = 10  # steps between two lines of the log
    save_every: int = 100  # steps between two checkpoints; a killed run continues from the last one
    evaluate_every: int = 0  # steps between two measurements of the held-out loss; 0: never
    loader_workers: int = 0  # processes that read the examples


@dataclass(frozen=True)
class Optimiser:
    """AdamW (betas 0.9 and 0.98) with a linear warm-up and a cosine decay to 0."""

    learning_rate: float  # after the warm-up
    lora_learning_rate: float | None = None  # for the LoRA weights; None: the same
    encoder_learning_rate: float | None = None  # for the weights of a vision encoder; None: the same
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.01  # of all other weights
    lora_weight_decay: float = 0.0  # of the LoRA weights
    gradient_norm: float = 1.0  # greater gradients are scaled down to this norm
    accumulate: int = 1  # examples in a step; several processes share them

    def parameter_groups(self, module: nn.Module) -> list[dict]:
        """Return the trained parameters of a module in AdamW's groups: LoRA weights and those of a vision encoder (the
        module's `encoder`, without weight decay) apart from all others."""
        groups: dict[str, list[Tensor]] = {"others": [], "lora": [], "encoder": []}
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                kind = "lora" if "lora_" in name else "encoder" if name.startswith("encoder.") else "others"
                groups[kind].append(parameter)
        rates = {"lora": self.lora_learning_rate, "encoder": self.encoder_learning_rate}
        decays = {"others": self.weight_decay, "lora": self.lora_weight_decay, "encoder": 0.0}
        return [
            {
                "params": found,
                "lr": self.learning_rate if rates.get(kind) is None else rates[kind],
                "weight_decay": decays[kind],
            }
            for kind, found in groups.items()
            if found
        ]


@dataclass(frozen=True)
class StageConfig:
    """Settings that every stage has. Raises ValueError for a negative number of steps."""

    steps: int  # 0: without this stage
    optimiser: Optimiser

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"{type(self).__name__} has steps={self.steps}; give 0 (to leave it out) or more.")


class Objective(nn.Module):
    """A loss over trained modules: `forward(example)` returns named scalar losses, their weighted sum as "loss".

    Its state dict holds the trained tensors only.
    """

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return next(self.parameters()).device

    def state_dict(self, *args, **kwargs) -> dict[str, Tensor]:
        """Return the tensors that take gradients."""
        trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        return {name: tensor for name, tensor in super().state_dict(*args, **kwargs).items() if name in trained}

    def load_state_dict(self, state_dict: dict[str, Tensor], strict: bool = False, assign: bool = False):
        """Load what `state_dict` returned. Raises ValueError where the names or shapes are of another configuration."""
        mine = {name: tensor.shape for name, tensor in self.state_dict().items()}
        given = {name: tensor.shape for name, tensor in state_dict.items()}
        if differing := sorted(name for name in mine.keys() | given.keys() if mine.get(name) != given.get(name)):
            raise ValueError(
                f"This training checkpoint does not fit the configuration; tensors that differ: {differing[:8]}"
            )
        super().load_state_dict(state_dict, strict=False, assign=assign)
        return nn.modules.module._IncompatibleKeys([], [])  # frozen tensors are not missing
