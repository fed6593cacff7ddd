"""Checkpoints: what we trained, in one safetensors file beside the configuration; frozen parts by their checksums."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors.torch import save_file
from torch import Tensor, nn

from ..encoders.part_sources import OFFLINE, is_set
from ..encoders.weights import PARTS, check_checksums, part_checksums
from .configuration import VLM2Config
from .parts import check_imported, imported_checksums, read_tensors

PACKAGED = Path(__file__).parents[1] / "checkpoints"
WEIGHTS, PROCESSOR = "model.safetensors", "processor_config.json"
OWN = "vlm2"  # the model's own adapters in the language model
LISTED_KEYS = 12  # of each kind in an error


def packaged_checkpoints() -> list[str]:
    """Return the names of the models whose checkpoints lie in this package."""
    return sorted(file.parent.name for file in PACKAGED.glob(f"*/{PROCESSOR}"))


def find_checkpoint(name_or_path: str | Path, needed: str = "config.json", **hub: Any) -> Path:
    """Return the folder of a checkpoint with the file `needed`. Fetches it from the hub if the name is one on the hub;
    `hub` are options of `snapshot_download`. Raises ValueError."""
    name = str(name_or_path)
    if not name:
        raise ValueError("The name of the model is empty: name a packaged one, a folder, or owner/model on the hub.")
    if name in packaged_checkpoints():
        return PACKAGED / name
    if (Path(name) / needed).is_file():
        return Path(name)
    here = f"The checkpoints of this package: {', '.join(packaged_checkpoints()) or 'none'}."
    if Path(name).is_file():
        raise ValueError(
            f"{name} is a file, and a model is a folder with config.json and {WEIGHTS}, such as training writes. {here}"
        )
    if Path(name).exists():
        raise ValueError(f"{name} holds no {needed}, so it is no checkpoint. {here}")
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ValueError(
            f"There is no model {name!r}: name a packaged one, a folder, or owner/model on the hub. {here}"
        )
    try:
        hub.setdefault("local_files_only", is_set(OFFLINE))
        return Path(snapshot_download(name, **hub))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"The model {name!r} is no folder here and could not be had from the hub: {reason} {here}"
        ) from error


def is_own(name: str) -> bool:
    """Return whether a tensor of this name belongs to the model's own adapters."""
    return name.startswith("language_model.") and ".lora_" in name and f".{OWN}." in name


def in_language_half(name: str) -> bool:
    """Return whether a tensor of this name belongs to the half of a model that a `VideoModel` lacks."""
    return name.startswith(("projector.", "slot_time.", "language_model."))


def stored_names(model: nn.Module, config: VLM2Config) -> list[str]:
    """Name the tensors that a checkpoint of this model holds; of tensors that share memory the first."""
    names, seen = [], set()
    for name, tensor in model.state_dict().items():
        here = tensor.to_local() if hasattr(tensor, "to_local") else tensor  # of FSDP: this process's part
        place = (here.data_ptr(), tensor.shape)
        if _stored(name, config) and (here.numel() == 0 or here.is_meta or place not in seen):
            names.append(name)
            seen.add(place)
    return names


def _stored(name: str, config: VLM2Config) -> bool:
    if ".lora_" in name and not is_own(name):
        return False  # a user's adapter has a file of its own
    if config.stores == "all":
        return True
    if name.startswith("vision."):
        return False
    if name.startswith("geometry."):
        return config.geometry_config.frozen_part is None
    if name.startswith("language_model.") and config.lora is not None:
        return is_own(name)
    return True


def stored_tensors(model: nn.Module, config: VLM2Config, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """Return the tensors that a checkpoint holds, on the CPU. Floating tensors are in `dtype` where it is given. If
    processes share the weights, each tensor is gathered, so all of them must call this function."""
    state = model.state_dict()
    tensors = {}
    for name in stored_names(model, config):
        tensor = state[name].detach()
        tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor  # of FSDP
        floating = dtype is not None and tensor.is_floating_point()
        tensors[_plain(name, state)] = tensor.to(device="cpu", dtype=dtype if floating else None).contiguous()
    return tensors


def _plain(name: str, state: Mapping[str, Tensor]) -> str:
    """Return a tensor's name in a model without a user's adapters, which PEFT puts around its layers."""
    layer, inside, rest = name.rpartition(".base_layer.")
    return f"{layer}.{rest}" if inside and f"{layer}.lora_A.{OWN}.weight" not in state else name


def save_weights(tensors: dict[str, Tensor], folder: Path) -> None:
    """Write a checkpoint's tensors."""
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def find_weights(folder: Path) -> Path:
    """Return the file of a checkpoint's tensors. Raises ValueError where there is none."""
    if not (folder / WEIGHTS).is_file():
        raise ValueError(f"{folder} has no {WEIGHTS}; give a folder that save_pretrained or training wrote.")
    return folder / WEIGHTS


def load_weights(
    model: nn.Module, config: VLM2Config, folder: Path, wanted: Callable[[str], bool] = lambda name: True
) -> dict[str, Tensor]:
    """Load a checkpoint's tensors into a model built from its configuration, each into the model's own dtype; only
    those whose names are `wanted`. Returns the others.

    Raises ValueError with the keys where the file lacks some of them, has others, or has them in other shapes.
    """
    held = read_tensors(find_weights(folder))
    tensors = {name: tensor for name, tensor in held.items() if wanted(name)}
    state = model.state_dict()
    expected = {name: state[name].shape for name in stored_names(model, config) if wanted(name)}
    complaints = _complaints(tensors, expected)
    if complaints:
        raise ValueError(
            f"The checkpoint {folder} does not fit its configuration. "
            + " ".join(complaints)
            + " Use the config.json that was saved with the weights, or train the checkpoint again."
        )
    model.load_state_dict(tensors, strict=False)
    return {name: tensor for name, tensor in held.items() if name not in tensors}


def load_adapters(model: nn.Module, name_or_path: str | Path) -> None:
    """Take over the language model's adapters of another checkpoint, and nothing else of it.

    Raises ValueError with the keys where that has not the adapters of this model.
    """
    folder = find_checkpoint(name_or_path)
    tensors = {name: tensor for name, tensor in read_tensors(find_weights(folder)).items() if is_own(name)}
    expected = {name: tensor.shape for name, tensor in model.state_dict().items() if is_own(name)}
    if complaints := _complaints(tensors, expected):
        raise ValueError(f"The adapters of {folder} do not fit this model. " + " ".join(complaints))
    model.load_state_dict(tensors, strict=False)


def _complaints(tensors: dict[str, Tensor], expected: dict[str, torch.Size]) -> list[str]:
    def listed(kind: str, keys: list[str]) -> str:
        more = f" and {len(keys) - LISTED_KEYS} more" if len(keys) > LISTED_KEYS else ""
        return f"{kind} ({len(keys)}): {', '.join(keys[:LISTED_KEYS])}{more}."

    kinds = {
        "Missing": sorted(set(expected) - set(tensors)),
        "Unexpected": sorted(set(tensors) - set(expected)),
        "Of another shape": [
            f"{name} {tuple(tensors[name].shape)} instead of {tuple(shape)}"
            for name, shape in sorted(expected.items())
            if name in tensors and tensors[name].shape != shape
        ],
    }
    return [listed(kind, keys) for kind, keys in kinds.items() if keys]


def warn_of_unstored(config: VLM2Config) -> None:
    """Warn where a checkpoint of this configuration neither holds the vision encoder's weights nor says where they are:
    in a frozen part, or behind the colon of its name."""
    name, _, option = config.vision_config.name.partition(":")
    if config.stores != "all" and not option and name.replace("_", "-") not in PARTS:
        warnings.warn(
            f"The checkpoint does not hold the weights of the vision encoder {name!r} and names no part or folder with "
            'them; whoever loads it must have them. config.stores = "all" saves them, too.',
            stacklevel=3,
        )


def frozen_checksums(config: VLM2Config) -> dict[str, str]:
    """Return the sha256 of the frozen parts that a model of this configuration stands on, pinned or imported."""
    names = (config.vision_config.name.partition(":")[0].replace("_", "-"), config.text_source)
    return part_checksums([name for name in names if name in PARTS]) | imported_checksums(config)


def check_frozen(config: VLM2Config) -> None:
    """Raise ValueError when the checkpoint was trained on frozen parts that differ from those here."""
    check_imported(config)
    imported = imported_checksums(config)
    check_checksums({name: sha256 for name, sha256 in config.frozen_sha256.items() if name not in imported})
