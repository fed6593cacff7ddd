"""LoRA adapters in the language model: the model's own, called `vlm2`, and those that a user adds."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from .checkpoint import OWN
from .configuration import VLM2Config

TENSORS = "adapter_model.safetensors"
FOLDER = "adapters"  # of a checkpoint: those that a user added, each in a folder of its name


def with_adapters(language_model: PreTrainedModel, config: VLM2Config) -> Any:
    """Put LoRA around every linear layer that the configuration names; without LoRA the model is trained whole."""
    if config.lora is None:
        return language_model
    lora = LoraConfig(
        r=config.lora["r"],
        lora_alpha=config.lora["alpha"],
        lora_dropout=config.lora["dropout"],
        target_modules=list(config.lora["targets"]),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # peft still reads a property that transformers renamed.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        adapted = get_peft_model(language_model, lora, adapter_name=OWN)
    for layer in adapted.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.__class__ = _kept(type(layer))
    return adapted


class _KeepsOwn:
    """A layer whose own adapter stays active, frozen, beside those that a user adds."""

    def set_adapter(self, adapter_names: str | list[str], inference_mode: bool = False) -> None:
        others = [adapter_names] if isinstance(adapter_names, str) else adapter_names
        others = [name for name in others if name != OWN]
        layer: Any = super()
        layer.set_adapter([OWN, *others], inference_mode)
        if others:
            for kind in ("lora_A", "lora_B"):
                getattr(self, kind)[OWN].requires_grad_(False)


@cache
def _kept(kind: type) -> Any:
    return type(kind.__name__, (_KeepsOwn, kind), {})


def save_added(model: PreTrainedModel, folder: Path) -> None:
    """Write the adapters that a user added with `model.add_adapter`, in PEFT's form."""
    added: dict[str, PeftConfig] = getattr(model, "peft_config", {})
    for name, config in added.items():
        place = folder / FOLDER / name
        config.save_pretrained(str(place))
        tensors = get_peft_model_state_dict(model, adapter_name=name)
        save_file({key: t.detach().cpu().contiguous() for key, t in tensors.items()}, place / TENSORS)


def load_added(model: PreTrainedModel, folder: Path) -> None:
    """Load the adapters that `save_added` wrote, if there are any, and use them."""
    names = sorted(place.parent.name for place in (folder / FOLDER).glob("*/adapter_config.json"))
    for name in names:
        place = folder / FOLDER / name
        model.add_adapter(PeftConfig.from_pretrained(str(place)), adapter_name=name)
        set_peft_model_state_dict(model, load_file(place / TENSORS), adapter_name=name)
    if names:
        model.set_adapter(names)
