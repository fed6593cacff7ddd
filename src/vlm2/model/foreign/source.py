"""Foreign checkpoints on disk or on the hub, read tensor by tensor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors import SafetensorError, safe_open
from torch import Tensor

INDEX = "model.safetensors.index.json"
WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]  # of a hub repository
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


@dataclass(frozen=True)
class SourceTensor:
    """A tensor that is read when it is asked for."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]


def find_source(name: str) -> Path:
    """Return the folder or file of a foreign checkpoint, fetching it from the hub where the name is owner/model. Raises
    ValueError where there is none."""
    if Path(name).exists():
        return Path(name)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ValueError(f"There is no {name!r}: give a folder, a file, or owner/model on the Hugging Face hub.")
    try:
        return Path(snapshot_download(name, allow_patterns=WANTED))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{name!r} is no folder here and could not be had from the hub: {reason}") from error


def read_settings(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's config.json. Raises ValueError where there is none."""
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} has no config.json that can be read ({error}); it is no checkpoint.") from None


def open_tensors(source: Path) -> dict[str, SourceTensor]:
    """Return the tensors of a folder of safetensors (in shards or not), of one such file, or of a .pth file, none of
    them read yet. Raises ValueError for a shard that is missing or damaged, or does not hold what the index says."""
    if source.is_file() and source.suffix in (".pth", ".pt", ".bin"):
        return _pickled(source)
    files = [source] if source.is_file() else _shards(source)
    tensors: dict[str, SourceTensor] = {}
    for file in files:
        found = _headed(file)
        if twice := set(tensors) & set(found):
            raise ValueError(f"{source} holds {min(twice)} twice, the second time in {file.name}. Fetch it again.")
        tensors |= found
    return tensors


def _headed(file: Path) -> dict[str, SourceTensor]:
    """Read the header of a safetensors file. It is opened anew for every tensor, so that none stays in memory."""

    def reader(name: str) -> Callable[[], Tensor]:
        def read() -> Tensor:
            with safe_open(file, "pt") as opened:
                return opened.get_tensor(name)

        return read

    tensors = {}
    try:
        with safe_open(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (it is no mapping)
                piece = opened.get_slice(name)
                if (kind := piece.get_dtype()) not in DTYPES:
                    raise ValueError(f"{file.name} holds {name} as {kind}; import weights in {', '.join(DTYPES)}.")
                tensors[name] = SourceTensor(tuple(piece.get_shape()), DTYPES[kind], reader(name))
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{file} is no whole safetensors file ({error}). Fetch it again.") from None
    return tensors


def _shards(folder: Path) -> list[Path]:
    if not (folder / INDEX).is_file():
        if not (files := sorted(folder.glob("*.safetensors"))):
            raise ValueError(f"{folder} holds no safetensors; give a folder with {INDEX} or model.safetensors.")
        return files
    index: dict[str, str] = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"]
    files = [folder / name for name in sorted(set(index.values()))]
    if missing := [file.name for file in files if not file.is_file()]:
        raise ValueError(f"{folder} lacks {', '.join(missing)}, which its {INDEX} names. Fetch it again.")
    return files


def _pickled(file: Path) -> dict[str, SourceTensor]:
    """Open a .pth file without running any code of it."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # unpickling fails in many ways
        raise ValueError(f"{file} is no file of plain tensors ({type(error).__name__}). Use safetensors.") from None
    for wrapper in ("model", "state_dict"):
        state = state[wrapper] if wrapper in state and isinstance(state[wrapper], dict) else state
    return {
        name: SourceTensor(tuple(tensor.shape), tensor.dtype, lambda tensor=tensor: tensor)
        for name, tensor in state.items()
    }
